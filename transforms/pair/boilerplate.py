"""A text of a picture -> what shows that nobody wrote it about that picture, or "".

Placeholders that an editor leaves ("insert picture description here", in the language of its menus), the bare kind of a thing
("image", "logo of ..."), a bare number ("Fig. 4a, 4b"), words to the reader ("[...] by clicking here"), authors without a word
more ("Smith et al."), and markup that was meant for a browser.
Every pattern is linear in the text: each repetition is bounded, or gives nothing back.
"""

import re
import unicodedata

_MOST_CHARACTERS = 200  # of a placeholder; a longer text says more

# As editors and templates write them, by language; compared without case, and without marks and numbers at the end.
_PLACEHOLDERS = """
insert picture description here|insert image description here|picture description here|image description here
image description
add alt text|add alt text here|alt text|alt text here|alt tag|alternative text|enter alt text|your alt text here
alt attribute
image|images|photo|picture|img|pic|graphic|illustration|thumbnail|placeholder|placeholder image|image placeholder
default image
no image|no image available|image not available|image not found|image unavailable|no photo available|photo not available
image coming soon|photo coming soon|picture coming soon|missing image|broken image|loading image|image loading
this is an image
click to enlarge|click to enlarge image|click for larger image|click image to enlarge|click to view full size
click to zoom
featured image|post image|blog image|header image|hero image|background image|cover image|product image|article image
main image
image result for|image may contain|may be an image of|profile picture|user avatar|author photo
image may be subject to copyright
picture of result|image of result|result image|screenshot of result|picture of the result|image of the result|see caption
this image has an empty alt attribute|this image has no alt text|the image is not available|image removed
image is loading
在这里插入图片描述|请在此添加图片描述|这里写图片描述|插入图片描述|图片描述|图片|图像|图|请输入图片描述|图片加载失败|暂无图片|在這裡插入圖片描述|圖片
画像|写真|イメージ|画像の説明|画像の説明を入力|画像の説明を記入してください|代替テキスト|ここに画像の説明を入力
이미지|사진|그림|이미지 설명|이미지 없음|대체 텍스트|이미지 준비중
imagen|foto|imagen no disponible|sin imagen|descripcion de la imagen|descripción de la imagen|texto alternativo
imagen destacada
bild|foto|platzhalter|bildbeschreibung|bildbeschreibung hier einfügen|kein bild|kein bild verfügbar|alternativtext
beitragsbild
image non disponible|aucune image|pas d'image|description de l'image|texte alternatif
insérer la description de l'image ici|photo
immagine|nessuna immagine|immagine non disponibile|descrizione dell'immagine|testo alternativo
inserisci qui la descrizione
imagem|sem imagem|imagem indisponível|descrição da imagem|texto alternativo da imagem|insira a descrição da imagem aqui
afbeelding|geen afbeelding|geen afbeelding beschikbaar|afbeelding niet beschikbaar|plaatje
beschrijving van de afbeelding
изображение|фото|картинка|рисунок|нет изображения|описание изображения|вставьте описание изображения|нет фото
изображение отсутствует
зображення|немає зображення|опис зображення|зображення відсутнє
obraz|obrazek|zdjęcie|grafika|brak zdjęcia|brak obrazka|opis obrazka|opis zdjęcia|obrázek|popis obrázku|fotografie|kép
a kép leírása
bild saknas|ingen bild|billede|intet billede|bilde|ingen bilde|kuva|ei kuvaa|kuvan kuvaus|imagine|fără imagine|slika
εικόνα|χωρίς εικόνα
resim|görsel|resim yok|görsel yok|resim açıklaması|görsel açıklaması|صورة|لا توجد صورة|وصف الصورة|تصویر|تصویر ندارد
תמונה|אין תמונה
gambar|foto tidak tersedia|tidak ada gambar|deskripsi gambar|hình ảnh|ảnh|không có hình ảnh|mô tả hình ảnh
nhập mô tả hình ảnh
चित्र|छवि|तस्वीर|कोई छवि नहीं|ছবি|รูปภาพ|ภาพ|ไม่มีรูปภาพ|คำอธิบายภาพ
"""
_MARKUP = re.compile(
    r"</?(?:a|abbr|b|br|center|div|em|figure|font|h[1-6]|i|iframe|img|li|p|picture|span|strong|su[bp]|table|t[dr]|ul?)(?=[\s/>])"
    r"[^<>]{0,300}>"
    r"|\[/?(?:caption|gallery|img|image|embed|url|quote|vc_[a-z]{1,20}|et_pb_[a-z]{1,20})(?=[\s\]=])[^\[\]]{0,300}\]"
    r"|\{\{[^{}]{0,200}\}\}|\{%[^{}]{0,200}%\}|<%[^<>]{0,200}%>|\$\{[^{}]{0,100}\}"
    r"|\b(?:href|src|srcset|alt|class|style|width|height|onclick|data-[a-z]{1,20})=[\"'“”]",
    re.IGNORECASE,
)
# What a picture is on a page, and nothing that it may show: a button, a banner, a badge can be seen, and an icon of a saint.
_KIND = r"(?:logo|favicon|avatar|thumbnail|watermark)"
_KIND_OF = re.compile(
    rf"(?:the |official |company |site |website ){{0,3}}{_KIND}(?: image)? (?:of|for|von|der|de|du|del|di|da|voor)\b.{{0,150}}"
    r"|(?:site |website )?icon (?:of|for) (?:an?|the|this) (?:app|blog|company|page|shop|site|store|website)"
    rf"|(?!(?:an?|the|this|his|her|their|one|two) )(?:[\w&'’.-]{{1,30}}+ ){{1,4}}(?:{_KIND}|icon)(?: image)?",
    re.IGNORECASE,
)
_AUTHOR = r"(?:[A-Z][\w'’.-]{0,30}+|and|&|de|van|von|der|da)"
_AUTHORS = re.compile(rf"(?:{_AUTHOR},? ){{1,12}}et al\.?,?(?: ?[(\[]?(?:19|20)\d\d[a-z]?[)\]]?)?\.?")
# A figure's number, and not a word of what it shows.
_LABEL = re.compile(
    r"(?:fig(?:ure)?s?|abb(?:ildung)?|plates?|tables?|tab|图|圖|図)[.:]{0,2} {0,2}\d{1,4}[ .]{0,2}[a-z]?"
    r"(?:(?:, ?| ?& ?| and |-|–)\d{0,4}[a-z]?){0,8}",
    re.IGNORECASE,
)
# Words to the reader, of a link beside the picture or by an edition's maker, where a caption would stand.
_ASIDE = re.compile(
    r"\[transcriber['’]s notes?\b[^\[\]]{0,180}\]"
    r"|(?:please |(?:you can|to) [^.!?]{0,80} )?(?:by clicking|click|tap) (?:here|on the (?:image|picture|link|icon))\b.{0,60}",
    re.IGNORECASE,
)


def boilerplate_of(text: str) -> str:
    """The markup, the placeholder, the kind of thing, the label, the aside or the authors that a text is made of.

    >>> boilerplate_of("Insert picture description here 3"), boilerplate_of("A red fox stands in snow")
    ('insert picture description here', '')
    """
    if found := _MARKUP.search(text):
        return found[0]
    if len(text) > _MOST_CHARACTERS:
        return ""
    said = _plain(text)
    if said in _KNOWN:
        return said
    whole = text.strip()
    bare = whole.rstrip(".!: ")
    told = _KIND_OF.fullmatch(bare) or _AUTHORS.fullmatch(whole) or _LABEL.fullmatch(bare) or _ASIDE.fullmatch(whole)
    return whole if told else ""


def _plain(text: str) -> str:
    folded = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    last = next((at for at in range(len(folded) - 1, -1, -1) if folded[at].isalpha()), -1)  # what follows says nothing
    return folded[: last + 1].strip("\"'([{<*-–—.: ")


_KNOWN = frozenset(_plain(phrase) for line in _PLACEHOLDERS.split("\n") for phrase in line.split("|") if phrase.strip())
