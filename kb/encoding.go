package kb

import (
	"bytes"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// windows1252 are the characters that bytes 0x80 to 0x9F mean where Latin-1
// has control characters.
var windows1252 = [32]rune{'€', 0x81, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0x8d, 'Ž', 0x8f,
	0x90, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0x9d, 'ž', 'Ÿ'}

func fromWindows1252(b byte) rune {
	if b >= 0x80 && b < 0xa0 {
		return windows1252[b-0x80]
	}
	return rune(b)
}

// repairText makes valid UTF-8 with "\n" line ends and without control
// characters from whatever bytes a file holds, and reports what it mended.
// Clean text is returned as it is.
func repairText(src []byte, r *report) []byte {
	src = fromUTF16(src, r)
	src = bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(src) {
		var line int
		src, line = repairBytes(src)
		r.add(line, Warning, "the file is not valid UTF-8; the wrong bytes were read as Windows-1252. Save it as UTF-8")
	}
	if bytes.IndexByte(src, '\r') >= 0 {
		src = bytes.ReplaceAll(bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
	}
	if fixed, line, n := repairMojibake(src); n > 0 {
		src = fixed
		r.add(line, Warning, "%d letters were encoded twice (such as \"Ã©\" for \"é\") and were mended; save the file as UTF-8", n)
	}
	if i := indexControl(src); i >= 0 {
		r.add(1+bytes.Count(src[:i], []byte("\n")), Warning, "control characters were removed")
		src = bytes.Map(func(c rune) rune {
			if isControl(c) {
				return -1
			}
			return c
		}, src)
	}
	return src
}

// isControl says whether r may not stand in an HTML document or a text.
func isControl(r rune) bool {
	return r < 0x20 && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r == 0xfeff || r >= 0x202a && r <= 0x202e || r >= 0xfdd0 && r <= 0xfdef
}

// indexControl is bytes.IndexFunc(src, isControl), quick over plain text.
func indexControl(src []byte) int {
	for i := 0; i < len(src); i++ {
		switch c := src[i]; {
		case c >= 0x20 && c < 0x7f, c == '\n', c == '\t':
		case c < 0x80:
			return i
		case c == 0xc2, c == 0xe2, c == 0xef: // the only leads of what isControl names
			if r, _ := utf8.DecodeRune(src[i:]); isControl(r) {
				return i
			}
		}
	}
	return -1
}

func fromUTF16(src []byte, r *report) []byte {
	if len(src) < 2 || !(src[0] == 0xff && src[1] == 0xfe || src[0] == 0xfe && src[1] == 0xff) {
		return src
	}
	big := src[0] == 0xfe
	units := make([]uint16, 0, len(src)/2)
	for i := 2; i+1 < len(src); i += 2 {
		if big {
			units = append(units, uint16(src[i])<<8|uint16(src[i+1]))
		} else {
			units = append(units, uint16(src[i+1])<<8|uint16(src[i]))
		}
	}
	r.add(1, Warning, "the file is UTF-16; save it as UTF-8")
	return []byte(string(utf16.Decode(units)))
}

// repairBytes reads each byte that is not part of valid UTF-8 as
// Windows-1252, and tells the line of the first.
func repairBytes(src []byte) (out []byte, line int) {
	out = make([]byte, 0, len(src)+len(src)/8)
	for i := 0; i < len(src); {
		c, n := utf8.DecodeRune(src[i:])
		if c == utf8.RuneError && n == 1 {
			if line == 0 {
				line = 1 + bytes.Count(src[:i], []byte("\n"))
			}
			c = fromWindows1252(src[i])
		}
		out = utf8.AppendRune(out, c)
		i += n
	}
	return out, line
}

// mojibakeLeads are the first letters of UTF-8 sequences that were read as
// Windows-1252 and saved again.
const mojibakeLeads = "ÂÃâÅ"

// repairMojibake undoes a double encoding where the letters spell a valid
// UTF-8 sequence, which correct French and English never do.
func repairMojibake(src []byte) (out []byte, line, n int) {
	if !mayBeMojibake(src) {
		return src, 0, 0
	}
	var b bytes.Buffer
	for i := 0; i < len(src); {
		c, size := utf8.DecodeRune(src[i:])
		if strings.ContainsRune(mojibakeLeads, c) {
			if good, used := doubleEncoded(src[i:]); used > 0 {
				if n++; line == 0 {
					line = 1 + bytes.Count(src[:i], []byte("\n"))
				}
				b.WriteRune(good)
				i += used
				continue
			}
		}
		b.Write(src[i : i+size])
		i += size
	}
	return b.Bytes(), line, n
}

// mayBeMojibake is a quick look for the first letters, which all start with
// the byte 0xC3 and are rare in French.
func mayBeMojibake(src []byte) bool {
	for {
		i := bytes.IndexByte(src, 0xc3)
		if i < 0 || i+1 >= len(src) {
			return false
		}
		switch src[i+1] {
		case 0x82, 0x83, 0x85, 0xa2:
			return true
		}
		src = src[i+2:]
	}
}

// doubleEncoded reads up to three letters as the bytes of one UTF-8 sequence;
// used is 0 when they are not one.
func doubleEncoded(src []byte) (good rune, used int) {
	var raw [3]byte
	pos := 0
	for k := range raw {
		c, size := utf8.DecodeRune(src[pos:])
		b, ok := toWindows1252(c)
		if size == 0 || !ok || b < 0x80 {
			return 0, 0
		}
		raw[k], pos = b, pos+size
		if k == 0 {
			continue
		}
		if r, n := utf8.DecodeRune(raw[:k+1]); n == k+1 && r != utf8.RuneError {
			return r, pos
		}
	}
	return 0, 0
}

func toWindows1252(c rune) (byte, bool) {
	for i, w := range windows1252 {
		if w == c {
			return byte(0x80 + i), true
		}
	}
	if c < 0x100 {
		return byte(c), true
	}
	return 0, false
}
