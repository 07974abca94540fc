package kb

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/vmcloud/ricochet/kb/markdown"
)

// resolver knows every file of a snapshot that is being made. It is read by
// all renderers at once.
type resolver struct {
	*shape
	files  []*file // by number
	images *imageStore
	media  string
	pages  []string // site paths below the language that are not articles
}

// pageResolver resolves the links and images of one file.
type pageResolver struct {
	*resolver
	file *file
}

// looked notes what a link looked at: when that comes, goes or changes, the
// file is rendered again.
func (p *pageResolver) looked(target string) { p.file.targets = append(p.file.targets, target) }

// link says what a destination means; it is called by the renderer.
func (p *pageResolver) link(dest string) markdown.LinkTarget {
	u, err := url.Parse(dest)
	if err != nil {
		return markdown.LinkTarget{Problem: fmt.Sprintf("the link %q is not a valid address", clip(dest))}
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https":
		if u.Host == "" {
			return markdown.LinkTarget{Problem: fmt.Sprintf("the link %q has no host", clip(dest))}
		}
		return markdown.LinkTarget{URL: u.String(), External: true}
	case "mailto", "tel":
		return markdown.LinkTarget{URL: u.String()}
	case "":
	default:
		return markdown.LinkTarget{Problem: fmt.Sprintf("links to %s: addresses are not allowed", u.Scheme)}
	}
	if u.Host != "" { // "//host/path" takes the page's scheme
		u.Scheme = "https"
		return markdown.LinkTarget{URL: u.String(), External: true}
	}
	if u.Path == "" {
		return markdown.LinkTarget{Problem: fmt.Sprintf("the link %q leads nowhere", clip(dest))}
	}
	if strings.HasPrefix(u.Path, "/") {
		return p.siteLink(u)
	}
	return p.relativeLink(u)
}

// siteLink resolves "/fr/products/vps".
func (p *pageResolver) siteLink(u *url.URL) markdown.LinkTarget {
	clean := cleanSitePath(u.Path)
	p.looked(strings.TrimSuffix(clean, ".md"))
	if n, ok := p.urls[strings.TrimSuffix(clean, ".md")]; ok {
		return p.to(p.files[n], u)
	}
	lang, rest, _ := strings.Cut(strings.TrimPrefix(clean, "/"), "/")
	if slices.Contains(p.langs, lang) && (rest == "" || p.sections[lang+"/"+rest] || slices.Contains(p.pages, rest)) {
		return markdown.LinkTarget{URL: u.String(), Hreflang: p.hreflang(lang)}
	}
	return p.broken(u, "no article or page has this address")
}

// relativeLink resolves "../products/vps.md" and its looser spellings.
func (p *pageResolver) relativeLink(u *url.URL) markdown.LinkTarget {
	full := path.Join(path.Dir(p.file.path), u.Path)
	lang := p.file.lang
	rest, inside := strings.CutPrefix(full, lang+"/")
	if !inside {
		// "../../en/products/vps.md" leaves the language on purpose.
		lang = firstSegment(full)
		rest = strings.TrimPrefix(full, lang+"/")
		if !slices.Contains(p.langs, lang) {
			return p.broken(u, "it leaves the content folder")
		}
	}
	langs := append([]string{lang}, p.langs...)
	for _, l := range langs {
		for _, candidate := range []string{rest, rest + ".md", rest + "/index.md"} {
			name := l + "/" + candidate
			p.looked(name)
			if n, ok := p.names[name]; ok && p.files[n].page {
				return p.to(p.files[n], u)
			}
		}
		section := strings.TrimSuffix(rest, "/_index.md")
		p.looked(l + "/" + section + "/")
		if p.sections[l+"/"+section] {
			return markdown.LinkTarget{URL: "/" + l + "/" + section, Hreflang: p.hreflang(l)}
		}
	}
	if name, ok := p.images.find(full); ok {
		return markdown.LinkTarget{URL: p.mediaURL(name)}
	}
	return p.broken(u, "no such file")
}

func (p *pageResolver) to(f *file, u *url.URL) markdown.LinkTarget {
	p.looked(f.path)
	t := markdown.LinkTarget{URL: f.url(), Hreflang: p.hreflang(f.lang), File: f.path}
	if u.RawQuery != "" {
		t.URL += "?" + u.RawQuery
	}
	if u.Fragment != "" {
		t.Anchor = u.Fragment
		if slug := markdown.Slug(u.Fragment); slug != "" {
			t.Anchor = slug // headings' anchors are slugs, however another site would spell them
		}
		t.URL += "#" + url.PathEscape(t.Anchor)
	}
	return t
}

func (p *pageResolver) hreflang(lang string) string {
	if lang == p.file.lang {
		return ""
	}
	return lang
}

func (p *pageResolver) broken(u *url.URL, why string) markdown.LinkTarget {
	return markdown.LinkTarget{Problem: fmt.Sprintf("the link %q is broken: %s", clip(u.String()), why)}
}

// anchorLinks keeps the links whose anchors can be checked only when their
// targets are rendered.
func (p *pageResolver) anchorLinks(links []markdown.AnchorLink) []anchorLink {
	out := make([]anchorLink, 0, len(links))
	for _, l := range links {
		out = append(out, anchorLink{Line: l.Line, Target: l.File, Anchor: l.Anchor})
	}
	return out
}

// image says where an image is; it is called by the renderer.
func (p *pageResolver) image(dest string) markdown.ImageTarget {
	u, err := url.Parse(dest)
	if err != nil || u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https" {
		return markdown.ImageTarget{Problem: fmt.Sprintf("the image address %q is not allowed", clip(dest))}
	}
	if u.Host != "" {
		if u.Scheme == "" {
			u.Scheme = "https"
		}
		return markdown.ImageTarget{Remote: u.String(),
			Problem: fmt.Sprintf("the image %q is on another site; it is linked, not loaded. Copy it into the content folder", clip(dest))}
	}
	for _, name := range p.imageCandidates(u.Path) {
		p.looked(name)
		if name, ok := p.images.find(name); ok {
			info, err := p.images.info(name)
			t := markdown.ImageTarget{URL: p.mediaURL(name), Width: info.width, Height: info.height}
			if err != nil {
				t.Problem = fmt.Sprintf("the size of the image %q cannot be read: %v", clip(dest), err)
			}
			return t
		}
	}
	return markdown.ImageTarget{Problem: fmt.Sprintf("the image %q is not there; the page shows a framed place with its alternative text", clip(dest))}
}

// imageCandidates are the places an image may be: beside the article, at the
// same place in another language (a screenshot may serve both), or from the
// content folder's top.
func (p *pageResolver) imageCandidates(dest string) []string {
	if strings.HasPrefix(dest, "/") {
		return []string{strings.TrimPrefix(path.Clean(dest), "/")}
	}
	own := path.Join(path.Dir(p.file.path), dest)
	out := []string{own}
	if rest, ok := strings.CutPrefix(own, p.file.lang+"/"); ok {
		for _, l := range p.langs {
			if l != p.file.lang {
				out = append(out, l+"/"+rest)
			}
		}
	}
	return out
}

func (r *resolver) mediaURL(name string) string {
	return (&url.URL{Path: r.media + name}).EscapedPath()
}

// clip shortens what a message quotes.
func clip(s string) string {
	const limit = 80
	if r := []rune(s); len(r) > limit {
		return string(r[:limit]) + "…"
	}
	return s
}
