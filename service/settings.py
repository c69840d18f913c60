"""What an operator may set, each by an environment variable `JISR_…`. With none of them, everything works."""

import os
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from matcher import MODELS


class Settings(BaseSettings):
    """Read once at start."""

    model_config = SettingsConfigDict(env_prefix="JISR_", extra="ignore")

    home: Path = Field(default=Path("var"), description="where the database, captures and snapshots are kept")
    database_url: str = Field(default="", description="postgresql+psycopg://…; empty: SQLite in the home folder")
    models: Path = Field(default=MODELS, description="folder of manifest.toml and the networks")
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    embedded_worker: bool = Field(default=True, description="process enrolments in the service's own process")
    threads: int = Field(
        default_factory=lambda: len(os.sched_getaffinity(0)), ge=1, description="cores the matcher may use"
    )
    gallery_mapped: bool = Field(
        default=False, description="read vectors and minutiae from the snapshot on disk as needed, not from memory"
    )
    fpir_review: float = Field(
        default=0.01, gt=0, lt=1, description="share of new people that may be shown to an operator"
    )
    fpir_duplicate: float = Field(
        default=0.0001, gt=0, lt=1, description="share of new people that may be shown as all but certain duplicates"
    )
    candidates: int = Field(default=10, ge=1, description="people a case or an answer shows at most")
    person_number_length: int = Field(
        default=10, ge=8, le=16, description="10 serves about 10 million people, 12 the rest"
    )
    batch: int = Field(default=8, ge=1, description="enrolments extracted together")
    attempts: int = Field(default=10, ge=1, description="times an enrolment that fails is tried again")
    snapshot_every: int = Field(default=500, ge=1, description="enrolments between two snapshots of the gallery")
    max_request_bytes: int = Field(default=100_000_000, ge=1_000_000, description="largest request read at all")

    @model_validator(mode="after")
    def _bands_in_order(self) -> Self:
        if self.fpir_duplicate > self.fpir_review:
            raise ValueError("JISR_FPIR_DUPLICATE must not be above JISR_FPIR_REVIEW")
        return self

    @property
    def url(self) -> str:
        return self.database_url or f"sqlite:///{(self.home / 'jisr.db').absolute()}"
