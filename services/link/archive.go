package link

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"coffer/services/library"
)

// maxMemberLine is a line about one member, in bytes. JSON may escape what it
// holds sixfold.
const maxMemberLine = 6*(library.MaxPath+1<<10) + 1<<10

// maxRest is how much of a refused member is taken in, in bytes: more than one of
// ours has.
const maxRest = 512 << 20

type planRequest struct {
	Files int   `json:"files"`
	Bytes int64 `json:"bytes"`
}

// membersHead begins a request with members: Left lines follow, and then the
// bytes of Member, when it is set, to the end.
type membersHead struct {
	Left   int         `json:"left"`
	Member *memberLine `json:"member,omitempty"`
}

type memberLine struct {
	Number  int    `json:"number"`
	Path    string `json:"path"`
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
}

type contentsRequest struct {
	Members int    `json:"members"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (m memberLine) member() library.Member {
	out := library.Member{Number: m.Number, Path: m.Path}
	if m.Code != "" {
		out.Reason = &library.Reason{Code: m.Code, Message: m.Message}
	}
	return out
}

func lineOf(m library.Member) memberLine {
	out := memberLine{Number: m.Number, Path: m.Path}
	if m.Reason != nil {
		out.Code, out.Message = m.Reason.Code, m.Reason.Message
	}
	return out
}

func (h *handler) unpack(w http.ResponseWriter, r *http.Request) {
	var in struct{}
	if h.decode(w, r, &in) {
		h.done(w, h.lib.Unpack(r.Context(), id(r)))
	}
}

func (h *handler) plan(w http.ResponseWriter, r *http.Request) {
	var in planRequest
	if h.decode(w, r, &in) {
		h.done(w, h.lib.Plan(r.Context(), id(r), in.Files, in.Bytes))
	}
}

func (h *handler) contents(w http.ResponseWriter, r *http.Request) {
	var in contentsRequest
	if !h.decode(w, r, &in) {
		return
	}
	var trouble *library.Reason
	if in.Code != "" {
		trouble = &library.Reason{Code: in.Code, Message: in.Message}
	}
	h.done(w, h.lib.CompleteArchive(r.Context(), id(r), in.Members, trouble))
}

func (h *handler) members(w http.ResponseWriter, r *http.Request) {
	br := bufio.NewReaderSize(r.Body, maxMemberLine)
	head, left, err := readMembers(br)
	switch {
	case err != nil:
		err = malformed(err.Error())
	case head.Member == nil:
		err = h.lib.Leave(r.Context(), id(r), left)
	default:
		err = h.lib.AddMember(r.Context(), id(r), left, head.Member.member(), br)
	}
	if err != nil {
		// The rest is taken in, or the worker would find the connection closed
		// before it looks for an answer.
		_, _ = io.CopyN(io.Discard, br, maxRest)
	}
	h.done(w, err)
}

// readMembers reads the lines of a request with members.
func readMembers(br *bufio.Reader) (head membersHead, left []library.Member, err error) {
	next := func(into any) error {
		line, err := br.ReadSlice('\n')
		if err != nil {
			return fmt.Errorf("a line: %w", err)
		}
		return decodeLine(line, into)
	}
	if err := next(&head); err != nil {
		return head, nil, err
	}
	if head.Left < 0 || head.Left > library.MaxMembersAtOnce || head.Left == 0 && head.Member == nil {
		return head, nil, fmt.Errorf("%d members", head.Left)
	}
	for range head.Left {
		var m memberLine
		if err := next(&m); err != nil {
			return head, nil, err
		}
		if m.Code == "" {
			return head, nil, errors.New("a member left out for no reason")
		}
		left = append(left, m.member())
	}
	return head, left, nil
}

// Unpack says that the original of a lease is an archive.
func (c *Client) Unpack(ctx context.Context, id library.LeaseID) error {
	return c.repeat(ctx, answerWithin, "POST", path(id, "unpack"), fixed([]byte("{}")), nil)
}

// ReadBlob fills p with the bytes of the original of a lease from from on.
func (c *Client) ReadBlob(ctx context.Context, id library.LeaseID, p []byte, from int64) error {
	return c.again(ctx, func() error {
		ctx, cancel := context.WithTimeout(ctx, answerWithin)
		defer cancel()
		res, err := c.send(ctx, "GET", fmt.Sprintf("%s?from=%d&length=%d", path(id, "blob"), from, len(p)), nil)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return refused(res)
		}
		_, err = io.ReadFull(res.Body, p)
		return err
	})
}

// Plan hands in what an archive's directory lists. NotFound: there is no room, or
// the lease was lost.
func (c *Client) Plan(ctx context.Context, id library.LeaseID, files int, bytes int64) error {
	in, err := json.Marshal(planRequest{files, bytes})
	if err != nil {
		return err
	}
	return c.repeat(ctx, answerWithin, "POST", path(id, "plan"), fixed(in), nil)
}

// Leave hands in members that are left out.
func (c *Client) Leave(ctx context.Context, id library.LeaseID, left []library.Member) error {
	in, err := membersBody(left, nil)
	if err != nil {
		return err
	}
	return c.repeat(ctx, memberWithin, "POST", path(id, "members"), fixed(in), nil)
}

// AddMember hands in the members left out before m, and m with its bytes. It is
// sent once: the bytes come but once. What arrived is known to the next lease.
func (c *Client) AddMember(ctx context.Context, id library.LeaseID, left []library.Member, m library.Member, bytes io.Reader) error {
	lines, err := membersBody(left, &m)
	if err != nil {
		return err
	}
	lent := &lent{r: bytes}
	defer lent.end()
	body := func() io.ReadCloser {
		return io.NopCloser(io.MultiReader(fixed(lines)(), lent))
	}
	return c.once(ctx, memberWithin, "POST", path(id, "members"), body, nil)
}

// lent is a reader that is the caller's again once it has ended: a transport may
// read on after it has answered.
type lent struct {
	mu    sync.Mutex
	r     io.Reader
	ended bool
}

func (l *lent) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return 0, io.ErrClosedPipe
	}
	return l.r.Read(p)
}

func (l *lent) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
}

// CompleteArchive hands in that all members were. trouble may be nil.
func (c *Client) CompleteArchive(ctx context.Context, id library.LeaseID, members int, trouble *library.Reason) error {
	out := contentsRequest{Members: members}
	if trouble != nil {
		out.Code, out.Message = trouble.Code, trouble.Message
	}
	in, err := json.Marshal(out)
	if err != nil {
		return err
	}
	return c.repeat(ctx, memberWithin, "POST", path(id, "contents"), fixed(in), nil)
}

func membersBody(left []library.Member, m *library.Member) ([]byte, error) {
	head := membersHead{Left: len(left)}
	if m != nil {
		line := lineOf(*m)
		head.Member = &line
	}
	out, err := json.Marshal(head)
	out = append(out, '\n')
	for _, l := range left {
		line, e := json.Marshal(lineOf(l))
		out, err = append(append(out, line...), '\n'), errors.Join(err, e)
	}
	return out, err
}
