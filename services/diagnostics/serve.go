package diagnostics

import (
	"encoding/json"
	"errors"
	"io"
	"slices"
)

// Bounds of what is swept at once, in bytes, and of the JSON that carries it.
const (
	MaxTexts   = 2 << 20
	MaxRequest = 2*MaxTexts + 4<<10
)

// Request asks the child of init for a sweep.
type Request struct {
	// Look asks for counts alone: nothing must be there.
	Look  bool     `json:"look,omitempty"`
	Texts []string `json:"texts"`
	// Prove asks whether the sweep finds what is planted, instead.
	Prove bool `json:"prove,omitempty"`
}

// Answer is all that comes back.
type Answer struct {
	Texts  []string `json:"texts,omitempty"` // clean
	Counts []Counts `json:"counts"`          // of each text
	Proof  *Proof   `json:"proof,omitempty"`
	Error  string   `json:"error,omitempty"`
}

// Serve reads one Request from in and answers it on out. Nothing that it says
// holds a secret, errors neither.
func Serve(in io.Reader, secrets [][]byte, out io.Writer) error {
	var r Request
	if err := json.NewDecoder(io.LimitReader(in, MaxRequest)).Decode(&r); err != nil {
		return errors.New("what is to be swept cannot be read") // the error may quote it
	}
	return json.NewEncoder(out).Encode(answer(r, secrets))
}

func answer(r Request, secrets [][]byte) Answer {
	size := 0
	for _, text := range r.Texts {
		size += len(text)
	}
	if size > MaxTexts {
		return Answer{Error: "there is too much to be swept at once"}
	}
	if r.Prove {
		p := Prove(secrets)
		return Answer{Proof: &p}
	}
	s := NewSweep(secrets)
	var a Answer
	for _, text := range r.Texts {
		if r.Look {
			a.Counts = append(a.Counts, s.Look(text))
			continue
		}
		clean, counts, err := s.Clean(text)
		if err != nil {
			return Answer{Error: err.Error()}
		}
		a.Texts, a.Counts = append(a.Texts, clean), append(a.Counts, counts)
	}
	return a
}

// Proof is what a sweep of planted secrets came to.
type Proof struct {
	Secrets int      `json:"secrets"` // that are looked for
	Planted int      `json:"planted"` // forms of them, and shapes
	Left    []string `json:"left"`    // the forms and shapes that were still there
}

// Prove plants each secret in every form and a canary of every shape, sweeps,
// and looks what is left.
func Prove(secrets [][]byte) Proof {
	p := Proof{Secrets: len(secrets)}
	left := map[string]bool{}
	s := NewSweep(secrets)
	for _, secret := range secrets {
		all := needles(secret)
		if len(all) == 0 { // PEM without a private key
			continue
		}
		needle := string(all[0])
		if len(foldText(needle)) < shortest || itself(foldText(needle)) {
			continue
		}
		for _, c := range Disguises(needle) {
			p.Planted++
			clean, _, err := s.Clean("level=ERROR msg=canary value=" + c.Text + " end\n")
			if err != nil || c.In(clean) {
				left[c.Form] = true
			}
		}
	}
	shapes := NewShapes()
	for _, c := range Canaries() {
		p.Planted++
		clean, _, err := shapes.Clean(c.Text)
		if err != nil || c.In(clean) {
			left[c.Form] = true
		}
	}
	for form := range left {
		p.Left = append(p.Left, form)
	}
	slices.Sort(p.Left)
	return p
}
