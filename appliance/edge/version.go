package edge

import (
	"fmt"
	"regexp"
	"strconv"
)

// VersionFlag is what nginx is asked for its version with.
const VersionFlag = "-v"

// OwnHTTP2 reads in what an nginx said of its version how it wants to be told of
// HTTP/2 (see TLS).
func OwnHTTP2(said string) (bool, error) {
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
