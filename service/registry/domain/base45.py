"""Base45 (RFC 9285): bytes as text of the letters that QR codes hold most densely."""

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def encode(content: bytes) -> str:
    """Two bytes as three letters, the least significant first; a last single byte as two."""
    found = []
    for start in range(0, len(content), 2):
        pair = content[start : start + 2]
        number = int.from_bytes(pair, "big")
        for _ in range(len(pair) + 1):
            number, letter = divmod(number, 45)
            found.append(ALPHABET[letter])
    return "".join(found)


def decode(text: str) -> bytes:
    """Raises ValueError for what `encode` never gives."""
    found = bytearray()
    for start in range(0, len(text), 3):
        letters = text[start : start + 3]
        number = sum(ALPHABET.index(letter) * 45**place for place, letter in enumerate(letters))
        if len(letters) == 1 or number >= 256 ** (len(letters) - 1):
            raise ValueError("no base45")
        found += number.to_bytes(len(letters) - 1, "big")
    return bytes(found)
