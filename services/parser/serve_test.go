package parser_test

import (
	"testing"

	"coffer/services/parser/wire"
)

func TestText(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	got, failure := s.parse(t, "a.txt", []byte("One line.\n\nAnother."))
	if failure != nil || got.Type != "text" || text(got) != "One line.\n\nAnother.\n\n" {
		t.Fatalf("%+v %+v", got, failure)
	}
	if _, failure := s.parse(t, "a.txt", nil); failure == nil || failure.Code != wire.CodeNoText {
		t.Fatalf("empty: %+v", failure)
	}
}
