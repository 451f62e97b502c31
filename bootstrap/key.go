package bootstrap

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// rootSecrets returns the configured secrets, the present one first, or, in development, one that is made once and
// kept in the data folder, so that sessions survive a restart.
func (c Config) rootSecrets() ([][]byte, error) {
	var out [][]byte
	for key := range strings.SplitSeq(string(c.TokenSigningKey), ",") {
		if key = strings.TrimSpace(key); key != "" {
			out = append(out, []byte(key))
		}
	}
	if len(out) > 0 {
		return out, nil
	}
	key, err := c.ownSecret()
	return [][]byte{key}, err
}

// ownSecret returns the secret in the data folder.
func (c Config) ownSecret() ([]byte, error) {
	path := filepath.Join(c.DataDir, "token.key")
	key, err := os.ReadFile(filepath.Clean(path))
	if err == nil {
		if key := strings.TrimSpace(string(key)); len(key) >= minKey {
			return []byte(key), nil
		}
		return nil, fmt.Errorf("the signing key in %s is damaged: delete the file to make a new one, which ends all sessions", path)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the signing key: %w", err)
	}
	return makeKey(path)
}

// makeKey writes a new key beside its place and links it there, so that of several processes that start at
// once one key wins and is whole.
func makeKey(path string) ([]byte, error) {
	random := make([]byte, 48)
	_, _ = rand.Read(random) // never fails
	key := []byte(base64.StdEncoding.EncodeToString(random))
	draft, err := os.CreateTemp(filepath.Dir(path), "token.key.*")
	if err != nil {
		return nil, fmt.Errorf("make a signing key: %w", err)
	}
	defer os.Remove(draft.Name())
	_, err = draft.Write(key)
	if err := errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return nil, fmt.Errorf("make a signing key: %w", err)
	}
	err = os.Link(draft.Name(), path)
	if errors.Is(err, fs.ErrExist) {
		return os.ReadFile(filepath.Clean(path))
	}
	if err != nil {
		return nil, fmt.Errorf("make a signing key: %w", err)
	}
	return key, nil
}
