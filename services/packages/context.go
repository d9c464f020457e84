package packages

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// errRemote is a graph that wants something fetched.
var errRemote = errors.New("it refers to a context outside of the package")

// checkGraph reads a JSON-LD document to its end and returns whether it states
// anything. It must be one object without references to contexts that are not in
// the package, at any depth: has tells what is.
func checkGraph(r io.Reader, has func(name string) bool) (empty bool, err error) {
	d := json.NewDecoder(r)
	t, err := d.Token()
	if err != nil {
		return false, err
	}
	if t != json.Delim('{') {
		return false, errors.New("it is no JSON object")
	}
	g := graph{d: d, has: has, empty: true}
	if err := g.object(1); err != nil {
		return false, err
	}
	if _, err := d.Token(); err != io.EOF {
		return false, errors.New("something follows the object")
	}
	return g.empty, nil
}

type graph struct {
	d     *json.Decoder
	has   func(string) bool
	empty bool
}

// object reads the rest of an object.
func (g *graph) object(depth int) error {
	if depth > maxNesting {
		return fmt.Errorf("it is nested more than %d deep", maxNesting)
	}
	for g.d.More() {
		t, err := g.d.Token()
		if err != nil {
			return err
		}
		key, _ := t.(string)
		if depth == 1 && key != "@context" && key != "@graph" {
			g.empty = false // the document is a node itself
		}
		if err := g.value(depth, key); err != nil {
			return err
		}
	}
	_, err := g.d.Token()
	return err
}

// value reads what stands under key. In a list key is that of the list.
func (g *graph) value(depth int, key string) error {
	t, err := g.d.Token()
	if err != nil {
		return err
	}
	switch t := t.(type) {
	case string:
		if key == "@context" || key == "@import" {
			return g.reference(t)
		}
	case json.Delim:
		if t == '{' {
			return g.object(depth + 1)
		}
		return g.list(depth+1, key)
	}
	return nil
}

func (g *graph) list(depth int, key string) error {
	if depth > maxNesting {
		return fmt.Errorf("it is nested more than %d deep", maxNesting)
	}
	for g.d.More() {
		if depth == 2 && key == "@graph" {
			g.empty = false
		}
		if err := g.value(depth, key); err != nil {
			return err
		}
	}
	_, err := g.d.Token()
	return err
}

func (g *graph) reference(to string) error {
	if g.has(strings.TrimPrefix(to, "./")) {
		return nil
	}
	return fmt.Errorf("%w: %.200q", errRemote, to)
}
