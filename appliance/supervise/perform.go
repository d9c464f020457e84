package supervise

import (
	"context"
	"log/slog"
	"time"
)

// perform does what the machine wants. It runs in the loop.
func (s *Supervisor) perform(ctx context.Context, todo []do) {
	for len(todo) > 0 {
		d := todo[0]
		todo = todo[1:]
		switch d.kind {
		case doStart:
			todo = append(todo, s.launch(d.program)...)
		case doSignal:
			s.signal(d)
		case doTimer:
			s.setTimer(d)
		case doNoTimer:
			s.stopTimer(d.program)
		case doListen:
			s.listen(ctx, d.program)
		case doRestart:
			u := s.machine.unit(d.program)
			s.Log.Warn("service died, starting it again", slog.String("service", d.program),
				slog.String("exit", u.last.String()), slog.Duration("after", d.after))
		case doFatal:
			u := s.machine.unit(d.program)
			s.Log.Error("service given up", slog.String("service", d.program), slog.String("exit", u.last.String()),
				slog.Int("starts", u.failures), slog.Bool("essential", u.Essential))
		case doEnd:
			s.code = d.code
		}
	}
}

func (s *Supervisor) launch(name string) []do {
	u, l := s.machine.unit(name), s.life[name]
	s.unlisten(l)
	l.generation++
	l.detail, l.child = "", nil
	generation := l.generation
	child, err := s.Launcher.Launch(u.Program, func(r Report) {
		s.post(func(now moment) []do {
			if l.generation != generation {
				return nil
			}
			return s.report(u, l, r, now)
		})
	})
	if err != nil {
		return s.machine.exited(name, Exit{Code: 127, Err: err}, s.now())
	}
	l.child = child
	s.Log.Debug("service started", slog.String("service", name), slog.Int("pid", child.Pid()))
	return nil
}

func (s *Supervisor) report(u *unit, l *life, r Report, now moment) []do {
	if r.Status != "" {
		l.detail = r.Status
	}
	switch {
	case r.Exited != nil:
		l.child = nil
		return s.machine.exited(u.Name, *r.Exited, now)
	case r.Ready:
		s.Log.Info("service ready", slog.String("service", u.Name), slog.Duration("took", now.since(u.since).Round(time.Millisecond)))
		return s.machine.isReady(u.Name, now)
	}
	return nil
}

func (s *Supervisor) signal(d do) {
	l := s.life[d.program]
	if l.child == nil {
		return
	}
	if err := l.child.Signal(d.signal); err != nil {
		s.Log.Warn("service cannot be signalled", slog.String("service", d.program),
			slog.String("signal", d.signal.String()), slog.Any("error", err))
	}
}

func (s *Supervisor) setTimer(d do) {
	l := s.life[d.program]
	s.stopTimer(d.program)
	number := l.timers
	l.timer = time.AfterFunc(d.after, func() {
		s.post(func(now moment) []do {
			if l.timers != number {
				return nil // stopped or replaced meanwhile
			}
			return s.machine.timer(d.program, now)
		})
	})
}

func (s *Supervisor) stopTimer(name string) {
	l := s.life[name]
	l.timers++
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
}

func (s *Supervisor) listen(ctx context.Context, name string) {
	u, l := s.machine.unit(name), s.life[name]
	s.unlisten(l)
	ctx, l.unwatch = context.WithCancel(ctx)
	s.watches.Go(func() {
		err := s.Launcher.Await(ctx, u.Program)
		if ctx.Err() != nil {
			return
		}
		s.post(func(now moment) []do {
			if err != nil {
				s.Log.Error("socket cannot be watched, starting its service", slog.String("service", name), slog.Any("error", err))
			}
			return s.machine.activated(name, now)
		})
	})
}

func (s *Supervisor) unlisten(l *life) {
	if l.unwatch != nil {
		l.unwatch()
		l.unwatch = nil
	}
}
