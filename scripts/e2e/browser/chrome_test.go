package browser

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
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

func (p *person) read(script string) string {
	p.t.Helper()
	text, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](script))
	if err != nil {
		p.t.Fatalf("%s: %v", script, err)
	}
	return text
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
				chromedp.Sleep(150*time.Millisecond)) // until every transition ended
			p.picture(name + size.name + "-" + scheme)
			if wide := p.read(`String(document.documentElement.scrollWidth > innerWidth)`); wide == "true" {
				p.t.Errorf("%s%s scrolls sideways", name, size.name)
			}
		}
	}
	p.do("look", chromedp.EmulateViewport(1280, 900), tell(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{}))
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

// lan gives this machine an address that is not its own name's, so that the
// browser treats the box as it would one on a home network. As root it is made
// for the test and leads nowhere else; otherwise it is the machine's own.
func lan(t *testing.T) string {
	t.Helper()
	const made = "10.213.7.1"
	if os.Geteuid() == 0 {
		add := exec.Command("ip", "address", "add", made+"/32", "dev", "lo")
		if out, err := add.CombinedOutput(); err == nil {
			t.Cleanup(func() {
				if err := exec.Command("ip", "address", "del", made+"/32", "dev", "lo").Run(); err != nil {
					t.Errorf("the address %s stays: %v", made, err)
				}
			})
			return made
		} else if !strings.Contains(string(out), "File exists") {
			t.Logf("no address can be made: %s", out)
		} else {
			return made
		}
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		if ip, ok := a.(*net.IPNet); ok && ip.IP.IsPrivate() && ip.IP.To4() != nil {
			return ip.IP.String()
		}
	}
	t.Fatal("this machine has no address that is not its own name's, and none can be made")
	return ""
}
