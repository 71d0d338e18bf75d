package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const (
	authorityLifetime   = 10 * 365 * 24 * time.Hour
	certificateLifetime = 365 * 24 * time.Hour
)

type identity struct {
	file, user, group string
	server            bool
	names             []string
}

// writeCertificates DIRECTORY NODE [NAME-OR-ADDRESS...]: the cluster's authority, made once and kept, and under it one
// certificate for each component, made anew at each start (so none can expire and addresses may change). The names are
// those under which the API server and the node are reached.
func writeCertificates(arguments []string) error {
	if len(arguments) < 2 {
		return errors.New("usage: certificates DIRECTORY NODE [NAME-OR-ADDRESS...]")
	}
	directory, node, names := arguments[0], arguments[1], arguments[2:]
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return err
	}
	authority, authorityKey, err := loadOrCreateAuthority(directory)
	if err != nil {
		return err
	}
	if err := keepKey(filepath.Join(directory, "service-accounts.key")); err != nil {
		return err
	}
	service := []string{"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "localhost", "127.0.0.1"}
	identities := []identity{
		{file: "etcd", user: "etcd", server: true, names: []string{"localhost", "127.0.0.1"}},
		{file: "kube-apiserver", user: "kube-apiserver", server: true, names: append(service, names...)},
		{file: "kubelet-server", user: "system:node:" + node, group: "system:nodes", server: true, names: append([]string{node}, names...)},
		{file: "kube-apiserver-to-kubelet", user: "kube-apiserver", group: "system:masters"},
		{file: "aggregator", user: "aggregator"},
		{file: "kubelet", user: "system:node:" + node, group: "system:nodes"},
		{file: "kube-controller-manager", user: "system:kube-controller-manager"},
		{file: "kube-scheduler", user: "system:kube-scheduler"},
		{file: "kube-proxy", user: "system:kube-proxy"},
		{file: "kwok", user: "kwok", group: "system:masters"},
	}
	for _, each := range identities {
		if err := issue(directory, each, authority, authorityKey); err != nil {
			return fmt.Errorf("%s: %w", each.file, err)
		}
	}
	return nil
}

func loadOrCreateAuthority(directory string) (*x509.Certificate, crypto.Signer, error) {
	keyFile, certificateFile := filepath.Join(directory, "ca.key"), filepath.Join(directory, "ca.crt")
	if err := keepKey(keyFile); err != nil {
		return nil, nil, err
	}
	key, err := readKey(keyFile)
	if err != nil {
		return nil, nil, err
	}
	if text, err := os.ReadFile(certificateFile); err == nil {
		if block, _ := pem.Decode(text); block != nil {
			certificate, err := x509.ParseCertificate(block.Bytes)
			return certificate, key, err
		}
	}
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "leanvibe-cluster"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(authorityLifetime),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, nil, err
	}
	if err := writePEM(certificateFile, "CERTIFICATE", der); err != nil {
		return nil, nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	return certificate, key, err
}

func issue(directory string, who identity, authority *x509.Certificate, authorityKey crypto.Signer) error {
	keyFile := filepath.Join(directory, who.file+".key")
	if err := keepKey(keyFile); err != nil {
		return err
	}
	key, err := readKey(keyFile)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: who.user},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(certificateLifetime),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if who.group != "" {
		template.Subject.Organization = []string{who.group}
	}
	if who.server {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	}
	for _, name := range who.names {
		if address := net.ParseIP(name); address != nil {
			template.IPAddresses = append(template.IPAddresses, address)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, authority, key.Public(), authorityKey)
	if err != nil {
		return err
	}
	return writePEM(filepath.Join(directory, who.file+".crt"), "CERTIFICATE", der)
}

func keepKey(file string) error {
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return writePEM(file, "EC PRIVATE KEY", der)
}

func readKey(file string) (crypto.Signer, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%s holds no PEM", file)
	}
	return x509.ParseECPrivateKey(block.Bytes)
}

// Written whole or not at all: a start that was interrupted must not leave half a key that every later start would keep.
func writePEM(file, kind string, der []byte) error {
	temporary := file + ".new"
	if err := os.WriteFile(temporary, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, file)
}

func serial() *big.Int {
	number, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		panic(err) // The system has no randomness; nothing it would make could be trusted.
	}
	return number
}
