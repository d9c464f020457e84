package link

import (
	"bufio"
	"io"
)

// lines reads JSON values, one a line of bounded length.
type lines struct{ s *bufio.Scanner }

func newLines(r io.Reader) lines {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 16<<10), maxLine)
	return lines{s}
}

// next decodes the next line; io.EOF at the end.
func (l lines) next(into any) error {
	if !l.s.Scan() {
		if err := l.s.Err(); err != nil {
			return err
		}
		return io.EOF
	}
	return decodeLine(l.s.Bytes(), into)
}
