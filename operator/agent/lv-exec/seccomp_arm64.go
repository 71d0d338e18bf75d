package main

import "golang.org/x/sys/unix"

const (
	auditArchitecture = unix.AUDIT_ARCH_AARCH64
	x32Bit            = 0
)

var refusedHere = []uintptr{}
