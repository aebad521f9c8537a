"""Documents -> the pages that site generators make of them: a site for each theme, with menus, footers and related posts.

`interleaving_generators` installs the generators and runs them.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.interleaving_documents import Document, Figure, Picture, markdown, png
from benchmarks.interleaving_generators import HEXO_THEMES, NotBuilt, binary, run

TAGS = ("birds", "rivers", "tools", "journeys")
_HOST = "https://site.example"


@dataclass(frozen=True, slots=True)
class Site:
    """A theme, and its page of each document by the document's slug."""

    engine: str
    theme: str
    pages: dict[str, Path]
    root: Path

    def url(self, slug: str) -> str:
        return f"{_HOST}/{self.pages[slug].relative_to(self.root).as_posix()}"


def builders() -> dict[str, Callable[[Path, list[Document]], Site]]:
    """ "engine/theme" -> what builds it: (a folder for it alone, documents) to a site."""
    return {
        "pelican/simple": lambda folder, documents: _pelican(folder, documents, "simple"),
        "pelican/notmyidea": lambda folder, documents: _pelican(folder, documents, "notmyidea"),
        "pelican/reflex": lambda folder, documents: _pelican(folder, documents, "reflex"),
        "mkdocs/mkdocs": lambda folder, documents: _mkdocs(folder, documents, "mkdocs"),
        "mkdocs/readthedocs": lambda folder, documents: _mkdocs(folder, documents, "readthedocs"),
        "mkdocs/material": lambda folder, documents: _mkdocs(folder, documents, "material"),
        "sphinx/alabaster": lambda folder, documents: _sphinx(folder, documents, "alabaster"),
        "sphinx/furo": lambda folder, documents: _sphinx(folder, documents, "furo"),
        "sphinx/rtd": lambda folder, documents: _sphinx(folder, documents, "sphinx_rtd_theme"),
        "sphinx/pydata": lambda folder, documents: _sphinx(folder, documents, "pydata_sphinx_theme"),
        "nikola/bootblog4": lambda folder, documents: _nikola(folder, documents, "bootblog4"),
        "nikola/base": lambda folder, documents: _nikola(folder, documents, "base"),
        "mdbook/default": _mdbook,
        **{f"hexo/{theme}": _hexo_builder(theme) for theme in HEXO_THEMES},
    }


def _site(engine: str, theme: str, root: Path, documents: list[Document]) -> Site:
    """Finds each document's page among the files that were made."""
    pages = {}
    for document in documents:
        named = [*root.glob(f"**/{document.slug}.html"), *root.glob(f"**/{document.slug}/index.html")]
        if not named:
            raise NotBuilt(f"no page of {document.slug} among {sum(1 for _ in root.rglob('*.html'))}")
        pages[document.slug] = sorted(named, key=lambda path: (len(path.parts), path))[0]
    return Site(engine, theme, pages, root)


def _draw(folder: Path, documents: list[Document]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for document in documents:
        for picture in document.pictures:
            (folder / f"{picture.name}.png").write_bytes(png(picture.name))


def _html_figure(folder: str) -> Figure:
    """A picture with a caption in HTML, as these dialects of Markdown have no word for it."""

    def figure(picture: Picture) -> str:
        source = f"{folder}{picture.name}.png"
        if not picture.caption:
            return f"![{picture.alt}]({source})"
        return f'<figure>\n<img src="{source}" alt="{picture.alt}">\n<figcaption>{picture.caption}</figcaption>\n</figure>'

    return figure


def _tag(index: int) -> str:
    return TAGS[index % len(TAGS)]


def _pelican(folder: Path, documents: list[Document], theme: str) -> Site:
    content = folder / "content"
    _draw(content / "images", documents)
    for index, document in enumerate(documents):
        head = (
            f"Title: {document.title}\nDate: 2026-0{index % 9 + 1}-12\nCategory: {_tag(index)}\n"
            f"Tags: {_tag(index + 1)}, nature\nSlug: {document.slug}\nAuthor: A. Writer\n\n"
        )
        (content / f"{document.slug}.md").write_text(head + markdown(document, _html_figure("{static}/images/")))
    settings = {
        "SITENAME": "A site of its own",
        "SITEURL": _HOST,
        "AUTHOR": "A. Writer",
        "PATH": "content",
        "THEME": theme,
        "LINKS": [["Pelican", "https://getpelican.com/"], ["Python", "https://python.org/"]],
        "SOCIAL": [["mastodon", "https://social.example/"]],
        "DEFAULT_PAGINATION": 5,
        "FEED_ALL_ATOM": None,
        "CATEGORY_FEED_ATOM": None,
    }
    if theme == "reflex":
        themes = list(folder.parents[1].glob("venv/lib/*/site-packages/pelican/themes/reflex"))
        if not themes:
            raise NotBuilt("its theme is not where it was")
        settings |= {"THEME": str(themes[0]), "CC_LICENSE": {"name": "CC BY", "slug": "by", "version": "4.0"}}
    (folder / "conf.py").write_text("\n".join(f"{name} = {value!r}" for name, value in settings.items()) + "\n")
    run([binary(folder, "pelican"), "content", "-s", "conf.py", "-o", "output", "-q"], folder)
    return _site("pelican", theme, folder / "output", documents)


def _mkdocs(folder: Path, documents: list[Document], theme: str) -> Site:
    docs = folder / "docs"
    _draw(docs / "images", documents)
    for document in documents:
        figure = _html_figure("images/") if theme != "material" else _material_figure
        (docs / f"{document.slug}.md").write_text(f"# {document.title}\n\n{markdown(document, figure)}")
    (docs / "index.md").write_text("# A site of its own\n\nWhat it is about.\n")
    features = ["navigation.footer", "navigation.sections", "toc.follow", "content.code.copy"]
    config = {
        "site_name": "A site of its own",
        "site_url": _HOST,
        "use_directory_urls": False,
        "theme": {"name": theme} | ({"features": features} if theme == "material" else {}),
        "markdown_extensions": ["md_in_html", "attr_list", "tables", "fenced_code"],
        "copyright": "The writers of the site",
        "nav": [
            {"Home": "index.md"},
            {"First half": [f"{document.slug}.md" for document in documents[::2]]},
            {"Second half": [f"{document.slug}.md" for document in documents[1::2]]},
        ],
    }
    (folder / "mkdocs.yml").write_text(json.dumps(config))  # JSON is YAML
    run([binary(folder, "mkdocs"), "build", "-q", "-d", "site"], folder)
    return _site("mkdocs", theme, folder / "site", documents)


def _material_figure(picture: Picture) -> str:
    """As the theme's own manual writes a caption."""
    image = f"![{picture.alt}](images/{picture.name}.png){{ loading=lazy }}"
    if not picture.caption:
        return image
    return f'<figure markdown="span">\n  {image}\n  <figcaption>{picture.caption}</figcaption>\n</figure>'


def _sphinx(folder: Path, documents: list[Document], theme: str) -> Site:
    _draw(folder / "images", documents)
    for document in documents:
        (folder / f"{document.slug}.md").write_text(f"# {document.title}\n\n{markdown(document, _myst_figure)}")
    tree = "\n".join(document.slug for document in documents)
    (folder / "index.md").write_text(f"# A site of its own\n\n```{{toctree}}\n:maxdepth: 2\n\n{tree}\n```\n")
    settings = {
        "project": "A site of its own",
        "author": "A. Writer",
        "copyright": "2026, A. Writer",
        "extensions": ["myst_parser"],
        "html_theme": theme,
        "html_theme_options": {"description": "A site about birds", "fixed_sidebar": True} if theme == "alabaster" else {},
    }
    (folder / "conf.py").write_text("\n".join(f"{name} = {value!r}" for name, value in settings.items()) + "\n")
    run([binary(folder, "sphinx-build"), "-q", "-b", "html", ".", "out"], folder)
    return _site("sphinx", theme, folder / "out", documents)


def _myst_figure(picture: Picture) -> str:
    if not picture.caption:
        return f"![{picture.alt}](images/{picture.name}.png)"
    return f"```{{figure}} images/{picture.name}.png\n:alt: {picture.alt}\n\n{picture.caption}\n```"


def _nikola(folder: Path, documents: list[Document], theme: str) -> Site:
    nikola = binary(folder, "nikola")
    if not (folder / "conf.py").exists():
        run([nikola, "init", "-q", "."], folder)
    conf = (folder / "conf.py").read_text()
    (folder / "conf.py").write_text(
        f"{conf}\nTHEME = {theme!r}\nSITE_URL = BASE_URL = {_HOST + '/'!r}\nPOSTS = (('posts/*.md', 'posts', 'post.tmpl'),)\n"
        "PRESERVE_EXIF_DATA = True\nGENERATE_RSS = GENERATE_ATOM = False\nSTRIP_INDEXES = False\nPRETTY_URLS = True\n"
        "COMPILERS = {'markdown': ['.md']}\n"
    )
    shutil.rmtree(folder / "posts", ignore_errors=True)
    (folder / "posts").mkdir()
    _draw(folder / "images", documents)
    for index, document in enumerate(documents):
        head = (
            f"<!--\n.. title: {document.title}\n.. slug: {document.slug}\n.. date: 2026-0{index % 9 + 1}-12 10:00:00 UTC\n"
            f".. tags: {_tag(index)}, nature\n-->\n\n"
        )
        (folder / f"posts/{document.slug}.md").write_text(head + markdown(document, _html_figure("/images/")))
    run([nikola, "build", "-q"], folder)
    return _site("nikola", theme, folder / "output", documents)


def _mdbook(folder: Path, documents: list[Document]) -> Site:
    source = folder / "src"
    _draw(source / "images", documents)
    for document in documents:
        text = f"# {document.title}\n\n{markdown(document, _html_figure('images/'))}"
        (source / f"{document.slug}.md").write_text(text)
    (source / "SUMMARY.md").write_text(
        "# Summary\n\n" + "".join(f"- [{document.title}]({document.slug}.md)\n" for document in documents)
    )
    (folder / "book.toml").write_text('[book]\ntitle = "A site of its own"\nauthors = ["A. Writer"]\n')
    run([binary(folder, "mdbook"), "build"], folder)
    return _site("mdbook", "default", folder / "book", documents)


def _hexo_builder(theme: str) -> Callable[[Path, list[Document]], Site]:
    return lambda folder, documents: _hexo(folder, documents, theme)


def _hexo(folder: Path, documents: list[Document], theme: str) -> Site:
    """The site stands where its packages are: Hexo looks for them beside its settings."""
    node = folder.parents[1] / "node"
    source = node / "source"
    shutil.rmtree(source, ignore_errors=True)
    (source / "_posts").mkdir(parents=True)
    _draw(source / "images", documents)
    for index, document in enumerate(documents):
        head = (
            f"---\ntitle: {json.dumps(document.title)}\ndate: 2026-0{index % 9 + 1}-12 10:00:00\ncategories: {_tag(index)}\n"
            f"tags: [{_tag(index + 1)}, nature]\n---\n\n"
        )
        (source / f"_posts/{document.slug}.md").write_text(head + markdown(document, _html_figure("/images/")))
    public = folder / "public"
    config = {"title": "A site of its own", "author": "A. Writer", "url": _HOST, "root": "/", "language": "en", "theme": theme}
    config |= {"permalink": ":title/", "public_dir": str(public), "highlight": {"line_number": True}, "skip_render": []}
    (node / "_config.yml").write_text(json.dumps(config))
    (node / "db.json").unlink(missing_ok=True)
    run(["npx", "--no-install", "hexo", "generate", "--force"], node)
    return _site("hexo", theme, public, documents)
