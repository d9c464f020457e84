package browser

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"coffer/scripts/e2e/box"
)

// person is somebody in front of a browser window.
type person struct {
	t    *testing.T
	ctx  context.Context
	base string

	mu       sync.Mutex
	expected map[string]bool // addresses whose refusal is part of the story
	faults   []string        // what the console said
	stream   stream          // of events, the latest
}

// sit opens a browser with a fresh profile.
func sit(t *testing.T, base string, more ...chromedp.ExecAllocatorOption) *person {
	t.Helper()
	options := slices.Concat(chromedp.DefaultExecAllocatorOptions[:], []chromedp.ExecAllocatorOption{
		chromedp.ExecPath("chromium"), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1280, 900)}, more)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(func() { _ = chromedp.Cancel(ctx); cancel() })
	ctx, cancel = context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(cancel)
	p := &person{t: t, ctx: ctx, base: base, expected: map[string]bool{}}
	if err := chromedp.Listen(ctx, p.listen); err != nil {
		t.Fatalf("the browser does not open: %v", err)
	}
	if _, err := chromedp.Call(ctx, cdplog.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	return p
}

// listen collects what a developer would see in red.
func (p *person) listen(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *cdplog.EventEntryAdded:
		if e.Entry.Level == cdplog.EntryLevelError && !p.expected[strings.TrimPrefix(e.Entry.URL, p.base)] {
			p.faults = append(p.faults, fmt.Sprintf("%s: %s (%s)", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			var words []string
			for _, a := range e.Args {
				words = append(words, string(a.Value)+a.Description)
			}
			p.faults = append(p.faults, "console: "+strings.Join(words, " "))
		}
	case *runtime.EventExceptionThrown:
		p.faults = append(p.faults, fmt.Sprintf("exception: %+v", e.ExceptionDetails))
	case *network.EventResponseReceived:
		if e.Type == network.ResourceTypeEventSource && e.Response.Status == http.StatusOK {
			p.stream = stream{id: e.RequestID, state: flows}
		}
	case *network.EventEventSourceMessageReceived:
		if e.RequestID == p.stream.id {
			p.stream.told++
		}
	case *network.EventLoadingFinished:
		p.stream.ends(e.RequestID, ended)
	case *network.EventLoadingFailed:
		if e.Canceled {
			p.stream.ends(e.RequestID, left)
		} else {
			p.stream.ends(e.RequestID, ended)
		}
	}
}

// What becomes of a stream of events.
const (
	flows = "flows"
	ended = "ended by the box"
	left  = "left by the page"
)

// stream is one of events, over which a page hears what changes.
type stream struct {
	id    network.RequestID
	state string
	told  int // events
}

func (s *stream) ends(id network.RequestID, how string) {
	if s.id == id && s.state == flows {
		s.state = how
	}
}

// hears waits until the latest stream is as wanted.
func (p *person) hears(what string, wanted func(stream) bool) {
	p.t.Helper()
	p.do("a stream that "+what, func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		for {
			p.mu.Lock()
			is := p.stream
			p.mu.Unlock()
			if wanted(is) {
				return chromedp.Void{}, nil
			}
			if err := box.Pause(ctx, 20*time.Millisecond); err != nil {
				return chromedp.Void{}, fmt.Errorf("%+v: %w", is, err)
			}
		}
	})
}

// streams waits until the page hears events, or no more.
func (p *person) streams(state string) {
	p.t.Helper()
	p.hears(state, func(s stream) bool { return s.state == state })
}

// expects says that the refusal of addresses is part of the story.
func (p *person) expects(addresses ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range addresses {
		p.expected[a] = true
	}
}

// quiet wants nothing to have been said on the console.
func (p *person) quiet() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.faults {
		p.t.Errorf("the console says: %s", f)
	}
	p.faults = nil
}

// action is one step of a person.
type action = chromedp.Action[chromedp.Void]

// do fails the test with a picture of what was on the screen.
func (p *person) do(what string, actions ...action) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		later, cancel := context.WithTimeout(p.ctx, 5*time.Second)
		defer cancel()
		where, _ := chromedp.Run(later, chromedp.Location())
		text, _ := chromedp.Run(later, chromedp.Evaluate[string]("document.body.innerText"))
		p.picture("failed")
		p.t.Fatalf("%s: %v\nat %s\n%s", what, err, where, box.Trim(text))
	}
}

func (p *person) open(path string) {
	p.t.Helper()
	p.mu.Lock()
	p.stream = stream{} // of the page that is left
	p.mu.Unlock()
	p.do("open "+path, chromedp.Navigate(p.base+path))
}

// submit presses the page's own button and waits for the page that follows.
func (p *person) submit(form string) {
	p.t.Helper()
	p.leave("submit "+form, chromedp.Click(chromedp.CSS(form+" button.primary")))
}

// leave does what leads to another page and waits for that page.
func (p *person) leave(what string, a action) {
	p.t.Helper()
	p.do(what, func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.RunResponse(ctx, a)
		return chromedp.Void{}, err
	})
}

// see waits until something is on the screen.
func (p *person) see(selector string) {
	p.t.Helper()
	p.do("see "+selector, chromedp.WaitVisible(chromedp.CSS(selector)))
}

// until waits for a script's answer to be true.
func (p *person) until(what, script string) {
	p.t.Helper()
	p.do(what, func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Run(ctx, chromedp.Poll[bool](script, chromedp.WithPollingInterval(50*time.Millisecond), chromedp.WithPollingTimeout(0)))
		return chromedp.Void{}, err
	})
}

func (p *person) read(script string) string { p.t.Helper(); return ask[string](p, script) }

func (p *person) count(script string) int { p.t.Helper(); return ask[int](p, script) }

// ask returns what a script on the page comes to.
func ask[T any](p *person, script string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 30*time.Second)
	defer cancel()
	out, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %v", script, err)
	}
	return out
}

// tell sends a command to the browser.
func tell[P any](command cdp.Command[P, cdp.Empty], params P) action {
	return func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, command, params)
		return chromedp.Void{}, err
	}
}

func (p *person) path() string { p.t.Helper(); return p.read("location.pathname") }

// look takes pictures of the page, light and dark, wide and narrow.
func (p *person) look(name string) {
	p.t.Helper()
	for _, size := range []struct {
		name          string
		width, height int64
	}{{"", 1280, 900}, {"-phone", 390, 844}} {
		for _, scheme := range []string{"light", "dark"} {
			p.do("look", chromedp.EmulateViewport(size.width, size.height),
				tell(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
					Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}),
				settled)
			p.picture(name + size.name + "-" + scheme)
			if wide := p.read(`String(document.documentElement.scrollWidth > innerWidth)`); wide == "true" {
				p.t.Errorf("%s%s scrolls sideways", name, size.name)
			}
		}
	}
	p.do("look", chromedp.EmulateViewport(1280, 900), tell(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{}))
}

// settled waits until the page is drawn and every transition has ended.
func settled(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
	_, err := chromedp.Run(ctx, chromedp.Evaluate[string](`new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
		.then(() => Promise.all(document.getAnimations().filter((a) => a.effect.getComputedTiming().endTime < Infinity).map((a) => a.finished.catch(() => {}))))
		.then(() => "")`, chromedp.EvalAwaitPromise))
	return chromedp.Void{}, err
}

func (p *person) picture(name string) {
	root, err := box.Root()
	if err != nil {
		p.t.Error(err)
		return
	}
	dir := filepath.Join(root, "out", "screenshots")
	png, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644)
	}
	if err != nil {
		p.t.Logf("no picture %s: %v", name, err)
	}
}
