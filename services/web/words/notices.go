package words

import (
	"fmt"

	"coffer/services/library"
)

// Notices is the page of who is told of alarms, and what is told.
type Notices struct {
	Title, Text                                 string
	Nobody, Tells, Locked                       string // %s: the host
	Sent, NeverSent                             string // Sent: %s: when
	Waiting                                     Plural
	Lost                                        Plural
	Failing, NextTry                            string // %s: what happened; %s: when
	Who, Change                                 string
	Address, AddressHint, Kind                  string
	NtfyTitle, NtfyText                         string
	WebhookTitle, WebhookText                   string
	Save, Remove, RemoveText, Test, TestText    string
	Saved, Removed, Taken, TakenSaid, NotTaken  string // TakenSaid: %s: the other side's words; NotTaken: %s: why
	What, WhatText, Never                       string
	Decided, BadAddress, NoTopic, OutOfReach    string
	Begun, Ended                                map[library.AlarmCode]string // titles
	Begins, Ends                                map[library.AlarmCode]string // texts; disks: %s: a size; certificates: %s: a date
	TestTitle, TestNotice, UnknownTitle, Reason string
}

// NoticeText says an event in the language of a code, English for one that there
// is not. Nothing of it comes from documents, and of a reason only its kind
// does.
func NoticeText(code string, e library.NoticeEvent) (title, text string) {
	c := NewCatalogue()
	w := c.Named(code)
	if w == nil {
		w = c.All[0]
	}
	n := w.Notices
	switch {
	case e.Alarm == "":
		return n.TestTitle, n.TestNotice
	case e.Over:
		return "Coffer: " + known(n.Ended, e.Alarm, n.UnknownTitle), n.Ends[e.Alarm]
	}
	title, text = "Coffer: "+known(n.Begun, e.Alarm, n.UnknownTitle), n.Begins[e.Alarm]
	switch e.Alarm {
	case library.AlarmDiskFull, library.AlarmDiskLow:
		text = fmt.Sprintf(text, w.Size(e.Free))
	case library.AlarmExpires, library.AlarmExpired:
		text = fmt.Sprintf(text, w.Date(e.When.UTC()))
	case library.AlarmCopyFailed:
		if why := w.CopyAnswer(e.Cause, ""); why != "" {
			text += " " + fmt.Sprintf(n.Reason, why)
		}
	case library.AlarmBackupFailed:
		if why := w.BackupReason(e.Cause, ""); why != "" {
			text += " " + fmt.Sprintf(n.Reason, why)
		}
	}
	return title, text
}

func known(all map[library.AlarmCode]string, code library.AlarmCode, other string) string {
	if s := all[code]; s != "" {
		return s
	}
	return other
}

// NoticeFault says why an address is not taken; what has no words here shows as
// it is.
func (w *Words) NoticeFault(code, message string) string {
	switch code {
	case "decided":
		return w.Notices.Decided
	case "address":
		return w.Notices.BadAddress
	case "topic":
		return w.Notices.NoTopic
	case "unreachable":
		return w.Notices.OutOfReach
	}
	return message
}
