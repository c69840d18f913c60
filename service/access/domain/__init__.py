"""Roles and what they may do, and bearer tokens, as plain Python."""

from service.access.domain.roles import AccessRole, Permission, roles_with
from service.access.domain.tokens import PREFIX, Token, hash_secret, new_secret

__all__ = ["PREFIX", "AccessRole", "Permission", "Token", "hash_secret", "new_secret", "roles_with"]
