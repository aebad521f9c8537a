"""Pictures with a C2PA manifest that speaks of training -> the words that forbid it, or the picture."""

import io
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from fetch_media import captured, picture

from lamella.pipeline.fingerprints import stage_settings
from lamella.schemas.config import Config, FetchConfig, OptOutConfig
from lamella.schemas.errors import ConfigError
from lamella.schemas.media import Media
from lamella.schemas.rejection import Reason
from lamella.transforms.fetch import embedded_rights
from lamella.transforms.fetch.embedded_rights import credentials_opt_out, hears_credentials
from lamella.transforms.fetch.inspect import judge_bytes
from lamella.transforms.media.content_credentials import training_entries

CAWG = "cawg.training-mining"
NO = {"cawg.ai_training": {"use": "notAllowed"}, "cawg.ai_inference": {"use": "allowed"}}
installed = pytest.mark.skipif(not embedded_rights.reads_credentials(), reason="c2pa-python is not installed")


@cache
def signer_of() -> tuple[bytes, bytes]:
    """A chain of two certificates and the key of the first, as PEM. Nobody trusts them, and nobody is asked to."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    root, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    above, now = x509.SubjectKeyIdentifier.from_public_key(root.public_key()), datetime.now(UTC)

    def certificate(name, key, authority, *extensions):
        who, by = (
            x509.Name([x509.NameAttribute(oid, said) for oid in (x509.NameOID.COMMON_NAME, x509.NameOID.ORGANIZATION_NAME)])
            for said in (name, "marsh root")
        )
        made = x509.CertificateBuilder().subject_name(who).issuer_name(by).public_key(key.public_key())
        made = made.serial_number(x509.random_serial_number())
        made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=9))
        usage = dict.fromkeys(
            ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"),
            False,
        )
        usage |= {"digital_signature": not authority, "key_cert_sign": authority, "crl_sign": authority}
        made = made.add_extension(x509.BasicConstraints(authority, None), True).add_extension(x509.KeyUsage(**usage), True)
        made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        for extension in extensions:
            made = made.add_extension(extension, False)
        return made.sign(root, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    mail = x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.EMAIL_PROTECTION])
    chain = certificate("marsh", own, False, mail, x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(above))
    key = own.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return chain + certificate("marsh root", root, True), key


def signed(label: str, entries: dict, kind: str = "JPEG") -> bytes:
    """A picture whose manifest holds one assertion beside the action that every manifest must hold."""
    import c2pa

    chain, key = signer_of()
    created = {
        "action": "c2pa.created",
        "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCreation",
    }
    manifest = {
        "claim_generator_info": [{"name": "marsh", "version": "1"}],
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [created]}},
            {"label": label, "data": {"entries": entries}},
        ],
    }
    alone = {"verify": {"verify_after_sign": False, "verify_trust": False}, "builder": {"thumbnail": {"enabled": False}}}
    builder = c2pa.Builder(manifest, context=c2pa.Context(settings=c2pa.Settings.from_dict(alone)))
    signer = c2pa.Signer.from_info(c2pa.C2paSignerInfo(alg=b"es256", sign_cert=chain, private_key=key, ta_url=None))
    out = io.BytesIO()
    builder.sign(signer, f"image/{kind.lower()}", io.BytesIO(picture(1, kind=kind)), out)
    return out.getvalue()


@installed
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_manifest_that_forbids_training_is_an_opt_out(kind):
    data = signed(CAWG, NO, kind)
    gone = judge_bytes(captured(data), data, FetchConfig())
    assert (gone.reason, gone.detail) == (Reason.OPTED_OUT, "c2pa: cawg.ai_training notAllowed")
    for config in (FetchConfig(opt_outs=OptOutConfig(c2pa="never")), FetchConfig(honour_opt_outs=False)):
        assert isinstance(judge_bytes(captured(data), data, config), Media)


@installed
@pytest.mark.parametrize(
    ("label", "entries", "forbids"),
    [
        (CAWG, {"cawg.data_mining": {"use": "notAllowed"}}, "c2pa: cawg.data_mining notAllowed"),
        (
            CAWG,
            {"cawg.ai_generative_training": {"use": "constrained", "constraint_info": "ask us"}},
            "c2pa: cawg.ai_generative_training constrained",
        ),
        (CAWG, {"cawg.ai_training": {"use": "allowed"}}, ""),
        (CAWG, {"cawg.ai_inference": {"use": "notAllowed"}}, ""),
        ("c2pa.training-mining", {"c2pa.ai_training": {"use": "notAllowed"}}, "c2pa: c2pa.ai_training notAllowed"),
        ("marsh.notes", {"cawg.ai_training": {"use": "notAllowed"}}, ""),
    ],
)
def test_entries(label, entries, forbids):
    assert credentials_opt_out(signed(label, entries), FetchConfig()) == forbids


@installed
def test_a_manifest_that_is_damaged_says_nothing_and_ends_nothing():
    data = signed(CAWG, NO)
    at = data.index(b"jumb")
    for broken in (data[: at + 300], data[:at] + bytes(200) + data[at + 200 :], b"\xff\xd8 jumb c2pa", picture(1)):
        assert training_entries(broken) == {}


def test_a_run_that_must_hear_manifests_needs_the_extra(monkeypatch):
    monkeypatch.setattr(embedded_rights, "reads_credentials", lambda: False)
    assert not hears_credentials(FetchConfig())
    with pytest.raises(ConfigError, match=r"fetch\.opt_outs\.c2pa: c2pa-python is not installed"):
        hears_credentials(FetchConfig(opt_outs=OptOutConfig(c2pa="always")))
    without = stage_settings(Config(recipe="m3w"), "fetch")
    monkeypatch.setattr(embedded_rights, "reads_credentials", lambda: True)
    assert stage_settings(Config(recipe="m3w"), "fetch") != without
