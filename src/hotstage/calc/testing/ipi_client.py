#!/usr/bin/env python3
"""An i-PI client for tests, standard library only: serves an analytic surface, and misbehaves when told to.

usage: ipi_client.py SOCKET (harmonic|muller_brown) [MODE [CALL [MARK]]]
MODE: what happens at the CALL-th energy (from 1): die, garbage, count, nan, extra, close, leave. With a file MARK it happens
only while that file does not exist (it is made then), so that a replacement behaves.
"""
import math
import os
import signal
import socket
import struct
import sys

BOHR, HARTREE = 0.529177210903, 27.211386245988
MULLER = list(zip((-200, -100, -170, 15), (-1, -1, -6.5, .7), (0, 0, 11, .6), (-10, -10, -6.5, .7), (1, 0, -.5, -1), (0, .5, 1.5, 1)))


def muller_brown(r, _):
    x, y, z = r[:3]
    energy, fx, fy = 0.5 * z * z, 0.0, 0.0
    for amplitude, a, b, c, x0, y0 in MULLER:
        dx, dy = x - x0, y - y0
        e = 0.01 * amplitude * math.exp(a * dx * dx + b * dx * dy + c * dy * dy)
        energy += e
        fx -= e * (2 * a * dx + b * dy)
        fy -= e * (b * dx + 2 * c * dy)
    return energy, [fx, fy, -z] + [0.0] * (len(r) - 3)


def harmonic(r, home):
    return sum(0.5 * (x - h) ** 2 for x, h in zip(r, home)), [h - x for x, h in zip(r, home)]


class Peer:
    def __init__(self, name):
        self.s = socket.socket(socket.AF_UNIX)
        self.s.connect("/tmp/ipi_" + name)

    def read(self, n):
        out = b""
        while len(out) < n:
            part = self.s.recv(n - len(out))
            if not part:
                sys.exit(0)
            out += part
        return out

    def head(self, text):
        self.s.sendall(text.ljust(12).encode())


def main():
    surface = {"harmonic": harmonic, "muller_brown": muller_brown}[sys.argv[2]]
    mode = sys.argv[3] if len(sys.argv) > 3 else ""
    when = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    mark = sys.argv[5] if len(sys.argv) > 5 else None
    if mode == "leave":
        sys.exit(3)
    peer, state, calls, home, answer, bad = Peer(sys.argv[1]), "NEEDINIT", 0, None, None, False
    while True:
        head = peer.read(12).decode().strip()
        if head == "STATUS":
            peer.head("HELLO\x1b[31m" if bad and mode == "garbage" else state)
        elif head == "INIT":
            _, length = struct.unpack("ii", peer.read(8))
            peer.read(length)
            state = "READY"
        elif head == "POSDATA":
            peer.read(144)
            n = struct.unpack("i", peer.read(4))[0]
            r = [x * BOHR for x in struct.unpack(f"{3 * n}d", peer.read(24 * n))]
            home = home or r
            calls += 1
            bad = calls == when and not (mark and os.path.exists(mark))
            if bad and mark:
                open(mark, "w").close()
            if bad and mode == "die":
                os.kill(os.getpid(), signal.SIGKILL)
            if bad and mode == "close":
                peer.s.close()
                signal.pause()
            answer, state = surface(r, home), "HAVEDATA"
        elif head == "GETFORCE":
            energy, forces = answer
            if bad and mode == "nan":
                energy = float("nan")
            peer.head("FORCEREADY")
            count = n + 1 if bad and mode == "count" else n
            out = struct.pack("di", energy / HARTREE, count) + struct.pack(f"{3 * n}d", *[f * BOHR / HARTREE for f in forces])
            peer.s.sendall(out + struct.pack("9d", *[0.0] * 9) + struct.pack("i", 2**31 - 1 if bad and mode == "extra" else 0))
            state = "READY"
        elif head == "EXIT":
            print("EXIT received after", calls, "energies", flush=True)
            return


main()
