"""Run by wsq.py: WSQ on standard input, `width height ppi`, a line feed and the pixels on standard output."""

import resource
import sys

MEMORY = 1 << 30
"""Bytes of address space; 40 million pixels need some 300 million."""


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.path.append(sys.argv[1])
    import _wsq  # type: ignore[import-not-found]

    pixels, width, height, ppi = _wsq.decompress(sys.stdin.buffer.read())
    sys.stdout.buffer.write(b"%d %d %d\n" % (width, height, ppi) + pixels)


if __name__ == "__main__":
    main()
