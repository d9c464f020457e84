package api

import (
	"context"
	"errors"
	"time"

	"coffer/services/library"
)

type notices struct {
	Kind    library.NoticeKind `json:"kind,omitempty" enum:"webhook,ntfy"`
	Host    string             `json:"host" doc:"Who is told; empty: nobody. The rest of the address cannot be read again."`
	Locked  bool               `json:"locked" doc:"The configuration decides."`
	Waiting int                `json:"waiting" doc:"Notices that have not been taken yet."`
	Lost    int                `json:"lost" doc:"Notices that were too many to be kept."`
	SentAt  *time.Time         `json:"sent_at" doc:"When one was taken last; null: never."`
	Failure *library.Reason    `json:"failure" doc:"Why the last attempt failed; null: it did not."`
	NextAt  *time.Time         `json:"next_at" doc:"When it is tried again; null: nothing waits."`
}

type noticesInput struct {
	Body struct {
		Kind    library.NoticeKind `json:"kind" enum:"webhook,ntfy" doc:"webhook: a POST with JSON. ntfy: a topic of ntfy."`
		Address string             `json:"address" minLength:"1" maxLength:"2048" doc:"http or https. It may hold a name and password, or a token. A private network is gone to where the host is an address of it or a local name."`
	}
}

type noticeTest struct {
	Taken   bool   `json:"taken"`
	Status  int    `json:"status,omitempty" doc:"Of HTTP."`
	Said    string `json:"said,omitempty" doc:"The beginning of the answer."`
	Problem string `json:"problem,omitempty" doc:"Why it was not taken."`
}

func (s *server) teller() (library.Notices, error) {
	if s.Notices == nil {
		return nil, &library.Error{Kind: library.NotFound, Message: "Nobody can be told here."}
	}
	return s.Notices, nil
}

func (s *server) notices(ctx context.Context, _ *struct{}) (*only[notices], error) {
	k, err := s.teller()
	if err != nil {
		return nil, err
	}
	n, err := k.Notices(ctx)
	return &only[notices]{notices{
		Kind: n.Kind, Host: n.Host, Locked: n.Locked, Waiting: n.Waiting, Lost: n.Lost, SentAt: moment(n.Sent), Failure: n.Failure, NextAt: moment(n.Next),
	}}, err
}

func (s *server) setNotices(ctx context.Context, in *noticesInput) (*only[notices], error) {
	k, err := s.teller()
	if err == nil {
		err = s.proved(ctx)
	}
	if err == nil {
		err = k.SetNotices(ctx, library.NoticeWish{Kind: in.Body.Kind, Address: in.Body.Address}, "")
	}
	if err != nil {
		return nil, err
	}
	out, err := s.notices(ctx, nil)
	if err == nil {
		s.Keeper.Record(ctx, library.AuditNoticesSet, out.Body.Host)
	}
	return out, err
}

func (s *server) dropNotices(ctx context.Context, _ *struct{}) (*nothing, error) {
	k, err := s.teller()
	if err == nil {
		err = s.proved(ctx)
	}
	if err == nil {
		err = k.SetNotices(ctx, library.NoticeWish{}, "")
	}
	if err != nil {
		return nil, err
	}
	s.Keeper.Record(ctx, library.AuditNoticesOff, "")
	return nil, nil
}

func (s *server) tryNotice(ctx context.Context, _ *struct{}) (*only[noticeTest], error) {
	k, err := s.teller()
	if err != nil {
		return nil, err
	}
	got, err := k.TryNotice(ctx, "")
	if e, ok := errors.AsType[*library.Error](err); ok && e.Kind == library.Conflict {
		return &only[noticeTest]{noticeTest{Problem: e.Message}}, nil
	}
	return &only[noticeTest]{noticeTest{Taken: true, Status: got.Status, Said: got.Said}}, err
}
