"""What an operator may set, each by an environment variable `JISR_…`. None is needed."""

import os
from collections.abc import Mapping
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import phonenumbers
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from matcher import MODELS, PIXELS_AT_ONCE
from service.audit.storage.feeds import feed_target
from service.deduplication.domain.blocking import DEFAULT_KEYS, combinations
from service.deduplication.domain.search import Generations
from service.kit.addresses import is_safe
from service.registry.domain.documents import DOCUMENT_TYPES, DocumentType, document_types_in
from service.registry.steps.checked_facts import FactRules

OLDEST = 120


def _networks(text: str) -> list[IPv4Network | IPv6Network]:
    """Raises ValueError for what is neither an address nor a network."""
    return [ip_network(one.strip()) for one in text.split(",") if one.strip()]


def _ages(text: str) -> tuple[int, ...]:
    """Raises ValueError for what is no age of a person."""
    ages = tuple(sorted({int(one) for one in text.split(",") if one.strip()}))
    if ages and not 0 < ages[0] <= ages[-1] <= OLDEST:
        raise ValueError(f"ages are from 1 to {OLDEST}")
    return ages


def _document_types(file: Path | None) -> Mapping[str, DocumentType]:
    """Raises ValueError for a file that is not as described."""
    if file is None:
        return DOCUMENT_TYPES
    try:
        return document_types_in(file.read_text("utf-8"))
    except OSError as error:
        raise ValueError(f"{file} cannot be read: {error.strerror}") from None


class Settings(BaseSettings):
    """Read once at start."""

    model_config = SettingsConfigDict(env_prefix="JISR_", extra="ignore")

    home: Path = Field(default=Path("var"), description="folder of the database, captures and snapshots")
    database_url: str = Field(default="", description="postgresql+psycopg://…; empty: SQLite in the home folder")
    key: SecretStr = Field(
        default=SecretStr(""),
        description="key-encryption keys in base64, the current first, separated by commas; empty: those of the file",
    )
    key_file: Path | None = Field(
        default=None, description="file of the key-encryption keys, made at first start; best on another disk"
    )
    pkcs11_module: Path | None = Field(
        default=None, description="library of a PKCS#11 token that holds the key-encryption keys, in place of the file"
    )
    pkcs11_token: str = Field(default="jisr", description="label of that token")
    pkcs11_pin: SecretStr = Field(default=SecretStr(""), description="PIN of the token's user")
    models: Path = Field(default=MODELS, description="folder of manifest.toml and the networks")
    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8000, ge=1, le=65535, description="port to listen on")
    embedded_worker: bool = Field(default=True, description="process enrolments in the service's own process")
    threads: int = Field(
        default_factory=lambda: len(os.sched_getaffinity(0)), ge=1, description="cores the matcher may use"
    )
    gallery_mapped: bool = Field(
        default=False, description="read vectors and minutiae from the snapshot on disk as needed, not from memory"
    )
    fpir_review: float = Field(default=0.01, gt=0, lt=1, description="share of searches that may raise a false alarm")
    fpir_duplicate: float = Field(
        default=0.0001,
        gt=0,
        lt=1,
        description="share of searches that may raise a false alarm shown as all but certain",
    )
    generations: Generations = Field(
        default=Generations.ALL,
        description="captures of a person that are searched, where some were added later: all, or newest, of each "
        "position the last; after a change run `jisr gallery rebuild`",
    )
    demographic_keys: str = Field(
        default=DEFAULT_KEYS,
        description="combinations of what people state, by which they are found: parts (given, father, family, mother, "
        "date, year; area and document match nothing yet) joined by +, combinations parted by commas; `year~1` may "
        "differ by one year; "
        "after a change run `jisr demographics reindex`",
    )
    candidates: int = Field(default=10, ge=1, description="most people that a case or an answer shows")
    person_number_length: int = Field(
        default=10, ge=8, le=16, description="digits of a person number; 12 above about 10 million people"
    )
    batch: int = Field(default=8, ge=1, description="enrolments processed together")
    attempts: int = Field(default=10, ge=1, description="attempts, alone, before an enrolment that fails is given up")
    most_waiting: int = Field(
        default=5000, ge=1, description="enrolments that may wait for their outcome; further ones are answered with 429"
    )
    snapshot_every: int = Field(default=500, ge=1, description="enrolments between two snapshots of the gallery")
    patterns_hour: int = Field(
        default=2, ge=0, le=23, description="hour of the day, in UTC, from which on patterns are searched once per day"
    )
    keep_captures_days: int = Field(
        default=1825,  # five years, as VIS keeps photographs and fingerprints: Regulation (EC) 767/2008, Article 23
        ge=0,
        description="days after its outcome that an enrolment's captures are kept; 0: for ever",
    )
    keep_refused_days: int = Field(
        default=180,  # who was refused can appeal for half a year; nothing is needed of them afterwards
        ge=0,
        description="days that an enrolment is kept that ended unusable by its captures or by a decision; 0: for ever",
    )
    keep_findings_days: int = Field(
        default=365,  # patterns look back 90 days, so none is found anew; a year is left for reviews
        ge=0,
        description="days that closed findings are kept; 0: for ever",
    )
    recapture_ages: str = Field(
        default="5,15",  # as Aadhaar's mandatory biometric updates: Aadhaar Enrolment and Update Regulations 2016
        description="ages in years, separated by commas, at which captures of a child are taken again; empty: none",
    )
    phone_region: str = Field(
        default="DJ", description="country (ISO 3166-1 alpha-2) of telephone numbers that state no country's code"
    )
    document_types: Path | None = Field(
        default=None, description="TOML file of the types of documents and the patterns of their numbers"
    )
    audit_seconds: float = Field(default=10.0, ge=1, description="seconds between two signed checkpoints of the audit")
    audit_copies: Path | None = Field(default=None, description="folder that checkpoints are copied to, elsewhere")
    audit_feed: str = Field(
        default="", description="a file, syslog:/dev/log, or syslog:HOST:PORT, that entries of the audit are sent to"
    )
    max_request_bytes: int = Field(default=100_000_000, ge=1_000_000, description="largest request that is read")
    request_bytes_at_once: int = Field(
        default=300_000_000, ge=1_000_000, description="bytes of requests that are read or answered at the same time"
    )
    pixels_at_once: int = Field(
        default=PIXELS_AT_ONCE, ge=1_000_000, description="pixels of captures that are worked on at the same time"
    )
    wait_seconds: float = Field(
        default=60.0, gt=0, description="seconds that a request waits for its share of these, before it is refused"
    )
    connections: int = Field(default=500, ge=1, description="connections open at the same time")
    header_seconds: float = Field(
        default=10.0, gt=0, description="seconds for a request's headers to come, and for a TLS handshake"
    )
    keep_alive_seconds: int = Field(default=5, ge=1, description="seconds that a connection stays open unused")
    body_seconds: float = Field(
        default=30.0, gt=0, description="seconds in which 2,000 bytes for each must come of a body"
    )

    sites_see_everyone: bool = Field(
        default=False, description="tokens bound to a site may see people and households enrolled at other sites"
    )

    requests_per_minute: int = Field(
        default=6000, ge=0, description="requests per minute that one token may make; 0: any number"
    )
    wrong_tokens_per_minute: int = Field(
        default=10, ge=0, description="wrong tokens per minute from one address, before it is answered with 429; 0: any"
    )

    session_idle_minutes: int = Field(default=30, ge=5, description="minutes without a request that end a session")
    session_hours: int = Field(default=12, ge=1, description="hours after which a session ends whatever its use")
    public_url: str = Field(
        default="", description="where browsers reach the service, such as https://registry.example/jisr"
    )
    oidc_issuer: str = Field(default="", description="issuer of OpenID Connect by which operators may sign in")
    oidc_client_id: str = Field(default="", description="what the issuer knows this service as")
    oidc_client_secret: SecretStr = Field(default=SecretStr(""), description="its secret; empty: a public client")
    oidc_scope: str = Field(default="openid profile email", description="what is asked of the issuer")
    oidc_name_claim: str = Field(
        default="", description="claim by which an operator is found at first use; empty: by --oidc-subject alone"
    )
    oidc_second_factor: str = Field(
        default="",
        description="values of `amr` or `acr`, separated by commas, that count as the second factor; empty: none",
    )
    passkey_domain: str = Field(
        default="", description="domain that passkeys are of; empty: the host of JISR_PUBLIC_URL"
    )
    metrics_open: bool = Field(default=True, description="answer /metrics to everyone; false: to administrators alone")
    trusted_proxies: str = Field(
        default="",
        description="addresses and networks, separated by commas, of reverse proxies whose X-Forwarded headers count",
    )
    tls_certificate: Path | None = Field(default=None, description="file of the certificate and its chain, in PEM")
    tls_key: Path | None = Field(default=None, description="file of its key, in PEM, where the certificate's has none")

    @field_validator("public_url", "oidc_issuer")
    @classmethod
    def _only_safe(cls, value: str) -> str:
        if value and (not is_safe(value) or {"?", "#"} & set(value)):
            raise ValueError("an address begins with https://, but for localhost, and has neither ? nor #")
        return value

    @model_validator(mode="after")
    def _whole_client(self) -> Self:
        if self.oidc_issuer and not (self.oidc_client_id and self.public_url):
            raise ValueError("JISR_OIDC_ISSUER needs JISR_OIDC_CLIENT_ID and JISR_PUBLIC_URL")
        return self

    @model_validator(mode="after")
    def _domain_of_passkeys(self) -> Self:
        if self.passkey_domain and not f".{self.public_host}".endswith(f".{self.passkey_domain}"):
            raise ValueError("JISR_PASSKEY_DOMAIN is the host of JISR_PUBLIC_URL, or ends it after a point")
        return self

    @field_validator("trusted_proxies")
    @classmethod
    def _only_networks(cls, value: str) -> str:
        _networks(value)
        return value

    @model_validator(mode="after")
    def _key_of_a_certificate(self) -> Self:
        if self.tls_key is not None and self.tls_certificate is None:
            raise ValueError("JISR_TLS_KEY needs JISR_TLS_CERTIFICATE")
        return self

    @field_validator("demographic_keys")
    @classmethod
    def _readable_combinations(cls, value: str) -> str:
        combinations(value)
        return value

    @model_validator(mode="after")
    def _one_place_of_keys(self) -> Self:
        given = {"JISR_KEY": self.key.get_secret_value(), "JISR_KEY_FILE": self.key_file}
        given |= {"JISR_PKCS11_MODULE": self.pkcs11_module}
        if len(names := [name for name, value in given.items() if value]) > 1:
            raise ValueError(f"the key-encryption keys are in one place: give only one of {', '.join(names)}")
        return self

    @field_validator("recapture_ages")
    @classmethod
    def _only_ages(cls, value: str) -> str:
        _ages(value)
        return value

    @field_validator("phone_region")
    @classmethod
    def _known_region(cls, value: str) -> str:
        if value not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError(f"{value!r} is no country that telephone numbers are known of, such as DJ")
        return value

    @field_validator("document_types")
    @classmethod
    def _readable_types(cls, value: Path | None) -> Path | None:
        _document_types(value)
        return value

    @field_validator("audit_feed")
    @classmethod
    def _known_target(cls, value: str) -> str:
        feed_target(value)
        return value

    @model_validator(mode="after")
    def _bands_in_order(self) -> Self:
        if self.fpir_duplicate > self.fpir_review:
            raise ValueError("JISR_FPIR_DUPLICATE must not be above JISR_FPIR_REVIEW")
        return self

    @property
    def public_host(self) -> str:
        return urlsplit(self.public_url).hostname or ""

    @property
    def proxies(self) -> list[IPv4Network | IPv6Network]:
        return _networks(self.trusted_proxies)

    @property
    def ages_of_recapture(self) -> tuple[int, ...]:
        return _ages(self.recapture_ages)

    @cached_property
    def fact_rules(self) -> FactRules:
        return FactRules(self.phone_region, _document_types(self.document_types))

    @property
    def url(self) -> str:
        return self.database_url or f"sqlite:///{(self.home / 'jisr.db').absolute()}"

    @property
    def key_path(self) -> Path | None:
        """File of the key-encryption keys; None where they are elsewhere."""
        if self.key.get_secret_value() or self.pkcs11_module is not None:
            return None
        return self.key_file or self.home / "keys" / "key"

    @property
    def place_of_keys(self) -> str:
        """Where the key-encryption keys are, for people."""
        if self.pkcs11_module is not None:
            return f"the token {self.pkcs11_token} of {self.pkcs11_module}"
        return "JISR_KEY" if self.key_path is None else str(self.key_path.absolute())
