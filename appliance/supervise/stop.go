package supervise

import (
	"slices"
	"syscall"
)

// stop ends the box: each program once nothing that depends on it runs.
func (m *machine) stop(now moment) []do {
	if m.stopping {
		return m.hurry()
	}
	m.stopping = true
	out := []do{{kind: doTimer, after: stopWithin}}
	for _, u := range m.units {
		if !u.alive && u.state != Fatal {
			u.state = Stopped
			out = append(out, do{kind: doNoTimer, program: u.Name})
		}
	}
	return append(out, m.stopNext(now)...)
}

// hurry: asked a second time. Everybody is told at once, and little time is
// left.
func (m *machine) hurry() []do {
	if m.hurried {
		return nil
	}
	m.hurried = true
	out := []do{{kind: doTimer, after: hurryWithin}}
	for _, u := range m.units {
		if u.alive {
			u.state = Stopping
			out = append(out, do{kind: doNoTimer, program: u.Name}, do{kind: doSignal, program: u.Name, signal: syscall.SIGTERM})
		}
	}
	return out
}

func (m *machine) killAll() []do {
	var out []do
	for _, u := range m.units {
		if u.alive {
			out = append(out, do{kind: doSignal, program: u.Name, signal: syscall.SIGKILL})
		}
	}
	return out
}

// stopNext begins to stop what nothing alive depends on, last started first.
func (m *machine) stopNext(now moment) []do {
	if !slices.ContainsFunc(m.units, func(u *unit) bool { return u.alive }) {
		if m.ended {
			return nil
		}
		m.ended = true
		return []do{{kind: doNoTimer}, {kind: doEnd, code: m.code}}
	}
	if m.hurried {
		return nil
	}
	var out []do
	for _, u := range slices.Backward(m.units) {
		needed := slices.ContainsFunc(m.units, func(o *unit) bool { return o.alive && slices.Contains(o.DependsOn, u.Name) })
		if u.alive && !needed && (u.state != Stopping || u.again) {
			u.again = false
			out = append(out, m.beginStop(u, now)...)
		}
	}
	return out
}

func (m *machine) beginStop(u *unit, now moment) []do {
	u.state, u.step, u.stopAt = Stopping, 0, now
	return m.nextStep(u, now)
}

// nextStep sends the signal whose time has come and asks for the next.
func (m *machine) nextStep(u *unit, now moment) []do {
	var out []do
	for u.step < len(u.StopSteps) {
		step := u.StopSteps[u.step]
		if wait := step.After - now.since(u.stopAt); wait > 0 {
			return append(out, do{kind: doTimer, program: u.Name, after: wait})
		}
		u.step++
		out = append(out, do{kind: doSignal, program: u.Name, signal: step.Signal})
	}
	return append(out, do{kind: doNoTimer, program: u.Name})
}
