//go:build bench

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"
)

// The load generator: a few keep-alive connections that send bytes which were
// made before, one request after the other, and read as little of the answers
// as can be. It costs the two processors it shares with the server about a
// tenth of what net/http's client would, and both sides of a comparison get
// the same one.

// load is one run of the generator.
type load struct {
	addr   string
	conns  int
	status int // every answer must have it
	// next gives the bytes of the n-th request of a connection; nil ends it.
	next func(conn, n int) []byte
	// pace is the time between the requests of a connection, 0 for as fast as
	// they are answered.
	pace time.Duration
	// until ends the run; 0 leaves that to next.
	until time.Duration
}

// volley is what a run of the generator gave.
type volley struct {
	n     int
	took  time.Duration
	waits []time.Duration // sorted: from the first byte sent to the last received
}

func (t volley) rate() float64 { return float64(t.n) / t.took.Seconds() }

// p is a percentile of the waits.
func (t volley) p(percent float64) time.Duration {
	if len(t.waits) == 0 {
		return 0
	}
	return t.waits[min(len(t.waits)-1, int(percent/100*float64(len(t.waits))))]
}

// run sends the load and waits for all answers.
func (l load) run() (volley, error) {
	var (
		mu    sync.Mutex
		group sync.WaitGroup
		all   volley
		first error
	)
	conns := make([]net.Conn, l.conns)
	for i := range conns {
		c, err := net.Dial("tcp", l.addr)
		if err != nil {
			return all, err
		}
		defer c.Close()
		conns[i] = c
	}
	start := time.Now()
	for i, c := range conns {
		group.Go(func() {
			waits, err := l.drive(i, c, start)
			mu.Lock()
			defer mu.Unlock()
			all.waits = append(all.waits, waits...)
			if err != nil && first == nil {
				first = err
			}
		})
	}
	group.Wait()
	all.took = time.Since(start)
	all.n = len(all.waits)
	slices.Sort(all.waits)
	return all, first
}

// drive is one connection.
func (l load) drive(conn int, c net.Conn, start time.Time) ([]time.Duration, error) {
	waits := make([]time.Duration, 0, 1<<12)
	buf := make([]byte, 256<<10)
	// Paced connections start spread over one period.
	due := start.Add(l.pace * time.Duration(conn) / time.Duration(l.conns))
	for n := 0; ; n++ {
		if l.until > 0 && time.Since(start) >= l.until {
			return waits, nil
		}
		if l.pace > 0 {
			time.Sleep(time.Until(due))
			due = due.Add(l.pace)
		}
		req := l.next(conn, n)
		if req == nil {
			return waits, nil
		}
		sent := time.Now()
		if _, err := c.Write(req); err != nil {
			return waits, err
		}
		status, _, err := readAnswer(c, buf)
		if err != nil {
			return waits, fmt.Errorf("answer %d of connection %d: %w", n, conn, err)
		}
		if status != l.status {
			return waits, fmt.Errorf("status %d, want %d, to:\n%s", status, l.status, req)
		}
		waits = append(waits, time.Since(sent))
	}
}

var (
	headEnd   = []byte("\r\n\r\n")
	lengthKey = []byte("\r\nContent-Length: ")
)

// readAnswer reads one answer into buf: its status, and head and body. Every
// answer that is measured has a length and fits.
func readAnswer(c io.Reader, buf []byte) (status int, answer []byte, err error) {
	have, want := 0, -1
	for want < 0 || have < want {
		if have == len(buf) {
			return 0, nil, errors.New("answer larger than the generator's buffer")
		}
		n, err := c.Read(buf[have:])
		if err != nil {
			return 0, nil, err
		}
		have += n
		if want >= 0 {
			continue
		}
		end := bytes.Index(buf[:have], headEnd)
		if end < 0 {
			continue
		}
		if status, err = strconv.Atoi(string(buf[9:12])); err != nil {
			return 0, nil, err
		}
		length := 0
		if at := bytes.Index(buf[:end+2], lengthKey); at >= 0 {
			digits := buf[at+len(lengthKey) : end+2]
			if length, err = strconv.Atoi(string(digits[:bytes.IndexByte(digits, '\r')])); err != nil {
				return 0, nil, err
			}
		} else if status == 200 {
			return 0, nil, errors.New("answer without Content-Length")
		}
		want = end + len(headEnd) + length
	}
	return status, buf[:have], nil
}

const benchAgent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

// getBytes is a GET as a browser sends it.
func getBytes(addr, path string, more ...string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\nAccept-Encoding: gzip, deflate, br\r\n", path, addr, benchAgent)
	for _, h := range more {
		b.WriteString(h + "\r\n")
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

// postBytes is a form as a browser sends it.
func postBytes(addr, path, form string, more ...string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\nAccept-Encoding: gzip, deflate, br\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n", path, addr, benchAgent, len(form))
	for _, h := range more {
		b.WriteString(h + "\r\n")
	}
	b.WriteString("\r\n" + form)
	return b.Bytes()
}

// always sends the same request over and over.
func always(req []byte) func(int, int) []byte { return func(int, int) []byte { return req } }

// deal hands each request of a list out once.
func deal(reqs [][]byte, conns int) func(int, int) []byte {
	return func(conn, n int) []byte {
		if i := n*conns + conn; i < len(reqs) {
			return reqs[i]
		}
		return nil
	}
}

// fetch is one request on a connection of its own; the answer is head and body.
func fetch(addr string, req []byte) (status int, answer []byte, err error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return 0, nil, err
	}
	defer c.Close()
	if _, err := c.Write(req); err != nil {
		return 0, nil, err
	}
	return readAnswer(c, make([]byte, 1<<20))
}
