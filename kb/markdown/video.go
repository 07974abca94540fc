package markdown

import (
	"net/url"
	"regexp"
	"strings"
)

// player is an embeddable video: the address of its page, which is a plain
// link, and that of its player, which a script loads after a click.
type player struct {
	page, embed, origin, host string
}

var (
	videoID   = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	embedPath = regexp.MustCompile(`^/(?:[\w-]+/)*(?:embed|w|watch|v)/[A-Za-z0-9_-]{1,64}$`)
)

// findPlayer recognises the addresses of YouTube, Vimeo and of players like
// PeerTube's (any https host with an /embed/ path). ok is false for anything
// else, which is then only linked.
func findPlayer(address string) (p player, ok bool) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Port() != "" {
		return player{page: address}, false
	}
	p = player{page: u.String(), host: strings.TrimPrefix(strings.ToLower(u.Host), "www.")}
	id := u.Path[strings.LastIndexByte(u.Path, '/')+1:]
	switch p.host {
	case "youtube.com", "m.youtube.com", "youtube-nocookie.com", "youtu.be":
		if v := u.Query().Get("v"); v != "" {
			id = v
		}
		if !videoID.MatchString(id) {
			return p, false
		}
		p.host, p.origin = "youtube.com", "https://www.youtube-nocookie.com"
		p.page = "https://www.youtube.com/watch?v=" + id
		p.embed = p.origin + "/embed/" + id + "?autoplay=1"
	case "vimeo.com", "player.vimeo.com":
		if !videoID.MatchString(id) {
			return p, false
		}
		p.host, p.origin = "vimeo.com", "https://player.vimeo.com"
		p.page = "https://vimeo.com/" + id
		p.embed = p.origin + "/video/" + id + "?dnt=1&autoplay=1"
	default:
		if !embedPath.MatchString(u.Path) {
			return p, false
		}
		p.origin = "https://" + strings.ToLower(u.Host)
		p.embed = p.origin + u.Path
		if strings.HasPrefix(u.Path, "/w/") { // PeerTube's short page address
			p.embed = p.origin + "/videos/embed/" + id
		}
		if rest, ok := strings.CutPrefix(u.Path, "/videos/embed/"); ok {
			p.page = p.origin + "/w/" + rest
		}
	}
	return p, true
}

// video writes a figure with a link to the video and a button that a script
// may use to load the player; nothing is loaded before that click. The text
// below says what one sees.
func (w *writer) video(c *container, line int) {
	address, title, _ := strings.Cut(c.title, " ")
	title = strings.TrimSpace(w.unescape(title))
	if title == "" {
		w.warn(line, "the video has no title; write :::video https://host/embed/id Title")
		title = w.r.texts.Video
	}
	w.videoFigure(line, strings.Trim(address, "<>"), title)
	if c.HasChildren() {
		w.wrap("<figcaption>", c, "</figcaption>")
	} else {
		w.warn(line, "the video has no text saying what one sees")
	}
	w.str("</figure>\n")
}

// videoFigure opens the figure and writes its link and button; the caller
// closes it.
func (w *writer) videoFigure(line int, address, title string) {
	p, ok := findPlayer(address)
	w.str(`<figure class="video">`)
	if !ok {
		w.fail(line, "the video %q is neither YouTube, Vimeo nor an https address with /embed/; it is only linked", clip(address))
		w.str("<p>")
		end := w.startLink(line, address, "")
		w.text(title)
		w.endLine()
		w.str(end, "</p>\n")
		return
	}
	w.res.HasVideo = true
	w.res.VideoOrigins = append(w.res.VideoOrigins, p.origin)
	t := &w.r.texts
	w.str(`<div class="video-frame"><button type="button" class="video-play" data-src="`)
	w.esc(p.embed)
	w.str(`" data-title="`)
	w.esc(title)
	w.str(`" hidden>`)
	w.esc(strings.ReplaceAll(t.PlayVideo, "%s", title))
	w.str(`</button><a class="video-link" href="`)
	w.esc(p.page)
	w.str(`" rel="noopener">`)
	w.text(title)
	w.endLine()
	w.str(`</a></div><p class="video-notice">`)
	w.esc(strings.ReplaceAll(t.VideoNotice, "%s", p.host))
	w.str("</p>\n")
}
