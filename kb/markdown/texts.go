package markdown

// Texts are the words the renderer itself puts into an article, in the
// article's language. %s and %d stand where their comments say.
type Texts struct {
	Note, Tip, Important, Warning, Caution string // titles of admonitions

	Copy   string // the button that copies a code block
	Copied string // what it says when it has
	Code   string // accessible name of a code block; %s is its language
	Plain  string // language shown for code without one

	PlayVideo   string // the button that loads the player; %s is the video's title
	VideoNotice string // what pressing it does; %s is the player's host
	Video       string // title of a video that has none

	Table     string // accessible name of a scrolling table; %d is its number in the article
	Image     string // stands in for a missing image that has no alternative text
	Footnotes string // accessible name of the footnotes' list
	Back      string // link from a footnote back to the text; %d is its number
	Done      string // a ticked box of a task list
	Open      string // an empty one
}

// EnglishTexts are the English words.
func EnglishTexts() Texts {
	return Texts{
		Note: "Note", Tip: "Tip", Important: "Important", Warning: "Warning", Caution: "Caution",
		Copy: "Copy", Copied: "Copied", Code: "Code: %s", Plain: "Text",
		PlayVideo: "Play the video: %s", VideoNotice: "The video comes from %s and is loaded only when you play it.", Video: "Video",
		Table: "Table %d", Image: "Illustration", Footnotes: "Footnotes", Back: "Back to the text of note %d",
		Done: "Done", Open: "To do",
	}
}

// FrenchTexts are the French words.
func FrenchTexts() Texts {
	return Texts{
		Note: "Remarque", Tip: "Conseil", Important: "Important", Warning: "Attention", Caution: "Danger",
		Copy: "Copier", Copied: "Copié", Code: "Code\u00a0: %s", Plain: "Texte",
		PlayVideo: "Lire la vidéo\u00a0: %s", VideoNotice: "La vidéo vient de %s et n’est chargée que si vous la lancez.", Video: "Vidéo",
		Table: "Tableau %d", Image: "Illustration", Footnotes: "Notes", Back: "Revenir au texte de la note %d",
		Done: "Fait", Open: "À faire",
	}
}
