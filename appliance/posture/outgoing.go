package posture

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"coffer/appliance/ledger"
)

// outRole is the one service that may open internet sockets.
const outRole = "egress"

func (l *look) noEgress(ctx context.Context) Finding {
	inet := []string{tryUDP, tryUDP6, tryRaw}
	tcp := []string{tryTCP, tryTCP6}
	trials := []trial{
		{"api", asRunning, slices.Concat(inet, tcp)},
		{"worker", asRunning, slices.Concat(inet, tcp)},
		{"parser", asStarted, slices.Concat(inet, tcp)},
		{"parser", asChild, slices.Concat(inet, tcp)},
		{"nginx", asStarted, inet},
	}
	edge := l.landlock >= 4
	if edge {
		trials[4].tries = append(trials[4].tries, l.dial())
	}
	refused := 0
	// What goes out takes nothing in, and has nothing to give away.
	gone := trial{outRole, asRunning, slices.Concat(
		[]string{tryRaw, tryUnix, tryBind, tryListen, tryPtrace, l.runElse()}, l.fileTries(l.readData(), l.readKey(), l.readShared()))}
	for _, t := range append(trials, gone) {
		p := l.probe(ctx, t.role, t.become)
		if p.err != nil {
			return unseen(fmt.Errorf("probe of the %s: %w", t.role, p.err))
		}
		open, shut := p.refusals(t.tries...)
		if len(open) > 0 {
			return fail(fmt.Sprintf("a probe as the %s (%s) was let: %s", t.role, t.become, strings.Join(open, ", ")))
		}
		if t.role != outRole {
			refused += len(shut)
		}
	}
	outbound, looked, err := l.outbound(ctx)
	if err != nil {
		return unseen(err)
	}
	if len(outbound) > 0 {
		return fail("connections that nobody from outside began: " + strings.Join(outbound, ", "))
	}
	evidence := fmt.Sprintf("probes as %d kinds of process were refused %d kinds of internet socket, and one as egress was refused to listen and to read; %d running processes hold none that goes out past it; %s",
		len(trials), refused, looked, wentOut(l.Outgoing()))
	if !edge {
		return degraded("this kernel cannot keep nginx from connecting out over TCP (it needs Landlock 4); " + evidence)
	}
	return pass(evidence)
}

// wentOut says what may go out, and how much did.
func wentOut(r ledger.Report) string {
	var may []string
	for _, p := range r.Purposes {
		if len(p.Destinations) > 0 {
			may = append(may, p.Name+" to "+strings.Join(p.Destinations, " and "))
		}
	}
	configured := "nothing is configured that goes out"
	if len(may) > 0 {
		configured = "configured: " + strings.Join(may, "; ")
	}
	connected, refused := int64(0), int64(0)
	for _, line := range r.Lines {
		connected += line.Connected
		refused += line.Refused
	}
	return fmt.Sprintf("%s; counted so far: %d destinations, %d connections, %d refused", configured, len(r.Lines), connected, refused)
}

// inward are addresses that a page must never be fetched from, one of each
// kind; outward are some that it may.
func inward() []string {
	return []string{
		"0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "192.168.1.1", "224.0.0.1", "255.255.255.255",
		"::", "::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a00:1", "2001::1", "2002:a00:1::1", "fd00::1", "fe80::1", "ff02::1",
	}
}

func outward() []string { return []string{"1.1.1.1", "93.184.215.14", "2606:4700:4700::1111"} }

func (l *look) fetchSSRF(context.Context) Finding {
	for _, a := range inward() {
		if l.Public(netip.MustParseAddr(a)) == nil {
			return fail("the policy in place lets pages be fetched from " + a)
		}
	}
	for _, a := range outward() {
		if err := l.Public(netip.MustParseAddr(a)); err != nil {
			return fail("the policy in place refuses a public address: " + err.Error())
		}
	}
	return pass(fmt.Sprintf("the policy in place refused %d of %[1]d addresses that are not public and let %d of %[2]d that are; this version has no page to fetch, and refuses the purpose",
		len(inward()), len(outward())))
}
