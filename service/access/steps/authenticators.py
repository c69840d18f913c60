"""What authenticators are asked, and what their answers prove (W3C Web Authentication 3)."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from service.access.domain.operators import Operator
from service.access.domain.passkeys import LONGEST_CREDENTIAL_ID, NewCredential, Passkey
from service.access.errors import PasskeyRefused, Unauthenticated

NAME = "Jisr"
SECONDS = 300
"""For the operator to touch or unlock the authenticator."""
UNREADABLE = (
    WebAuthnException,
    InvalidSignature,
    UnsupportedAlgorithm,
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    AttributeError,
)
"""What the library raises of answers that are not as described; callers may send anything."""
NOT_HELD = "this passkey is unknown or was revoked, or its answer does not hold"


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """id: the domain that passkeys are of. origin: of the pages that use them, such as `https://registry.example`."""

    id: str
    origin: str

    def ask_for_new(self, one: Operator, known: Collection[Passkey], challenge: bytes) -> dict[str, Any]:
        """`publicKey` of `navigator.credentials.create`, as JSON. known: those the operator has already."""
        options = generate_registration_options(
            rp_id=self.id,
            rp_name=NAME,
            user_id=one.id.bytes,
            user_name=one.name,
            challenge=challenge,
            timeout=SECONDS * 1000,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(each.credential_id) for each in known],
        )
        return _as_json(options_to_json(options))

    def new(self, answer: Mapping[str, Any], challenge: bytes) -> NewCredential:
        """Raises PasskeyRefused."""
        try:
            made = verify_registration_response(
                credential=dict(answer),
                expected_challenge=challenge,
                expected_rp_id=self.id,
                expected_origin=self.origin,
                require_user_verification=True,
            )
        except UNREADABLE:
            made = None
        if made is None or len(made.credential_id) > LONGEST_CREDENTIAL_ID:
            raise PasskeyRefused("the authenticator's answer does not hold; begin again", "credential")
        return NewCredential(made.credential_id, made.credential_public_key, made.sign_count)

    def ask_for_any(self, challenge: bytes) -> dict[str, Any]:
        """`publicKey` of `navigator.credentials.get`, as JSON. It names no one."""
        options = generate_authentication_options(
            rp_id=self.id,
            challenge=challenge,
            timeout=SECONDS * 1000,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return _as_json(options_to_json(options))

    def proven(self, answer: Mapping[str, Any], one: Passkey, challenge: bytes) -> int:
        """How often the authenticator has signed. Raises Unauthenticated, also where it signed more often before."""
        try:
            found = verify_authentication_response(
                credential=dict(answer),
                expected_challenge=challenge,
                expected_rp_id=self.id,
                expected_origin=self.origin,
                credential_public_key=one.public_key,
                credential_current_sign_count=one.sign_count,
                require_user_verification=True,
            )
        except UNREADABLE:
            raise Unauthenticated(NOT_HELD) from None
        return found.new_sign_count


def claimed(answer: Mapping[str, Any]) -> tuple[bytes, UUID]:
    """Which credential an answer is of, and of which operator, before anything is proven. Raises Unauthenticated."""
    try:
        parsed = parse_authentication_credential_json(dict(answer))
        return parsed.raw_id, UUID(bytes=parsed.response.user_handle)
    except UNREADABLE:
        raise Unauthenticated(NOT_HELD) from None


def _as_json(text: str) -> dict[str, Any]:
    found = json.loads(text)
    assert isinstance(found, dict)
    return found
