package edge

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
)

// OwnHTTP2 asks an nginx how it wants to be told of HTTP/2 (see TLS).
func OwnHTTP2(ctx context.Context, nginx string) (bool, error) {
	c := exec.CommandContext(ctx, nginx, "-v")
	c.Env = []string{}
	said, err := c.CombinedOutput()
	if err != nil {
		return false, fmt.Errorf("%s does not say its version: %w", nginx, err)
	}
	return ownHTTP2(string(said))
}

func ownHTTP2(said string) (bool, error) {
	m := regexp.MustCompile(`nginx/(\d{1,4})\.(\d{1,4})\.(\d{1,4})\b`).FindStringSubmatch(said)
	if m == nil {
		return false, fmt.Errorf("%q is not a version of nginx", said)
	}
	n := 0
	for _, part := range m[1:] {
		of, err := strconv.Atoi(part)
		if err != nil {
			return false, err
		}
		n = n*10000 + of
	}
	return n >= 1_0025_0001, nil
}
