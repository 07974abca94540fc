package web

import (
	"fmt"
	"strings"

	"github.com/gin-gonic/gin"
)

// llms answers /llms.txt: what there is to read, for programs that read, with
// the Markdown address of every article.
func (s *Server) llms(c *gin.Context) error {
	sh := s.current()
	return s.once(c, &sh.llms, typeText, func() ([]byte, error) {
		var b strings.Builder
		first := s.locales.Default
		fmt.Fprintf(&b, "# %s\n\n> %s\n", first.T("site.title"), first.T("home.about"))
		for _, loc := range s.locales.All {
			for _, section := range sh.library.Sections(loc.Lang) {
				fmt.Fprintf(&b, "\n## %s (%s)\n\n", sectionTitle(loc, section), loc.Name)
				for _, a := range section.Articles {
					fmt.Fprintf(&b, "- [%s](%s.md)", strings.NewReplacer("[", "(", "]", ")").Replace(a.Title), s.absolute(a.URL()))
					if a.Description != "" {
						b.WriteString(": " + a.Description)
					}
					b.WriteByte('\n')
				}
			}
		}
		return []byte(b.String()), nil
	})
}
