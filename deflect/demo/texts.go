package demo

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// What people write. Every text is put together from parts, so that two
// tickets about the same thing read differently.

var greetings = map[string][]string{
	"fr": {"Bonjour,", "Bonjour à l’équipe,", "Bonjour, j’ai besoin d’un coup de main.", "Bonsoir,", ""},
	"en": {"Hello,", "Hi team,", "Hi, I could use some help.", "Good evening,", ""},
}

var openings = map[string][]string{
	"fr": {"Je cherche depuis ce matin : %s.", "Ma question : %s ?", "Je n’arrive pas à avancer sur ce point : %s.", "Voici ce qui nous bloque : %s.", "On m’a demandé de régler ceci : %s."},
	"en": {"I have been looking since this morning: %s.", "My question: %s?", "I am stuck on this: %s.", "This is what holds us up: %s.", "I was asked to sort this out: %s."},
}

var contexts = map[string][]string{
	"fr": {"C’est sur notre environnement de production, à Paris.", "Cela concerne une petite VM de test.", "Nous sommes trois à travailler sur ce projet.", "Tout fonctionnait encore la semaine dernière.",
		"J’ai lu l’aide, mais notre cas me semble différent.", "Je suis nouveau sur la console, pardon si c’est évident.", "Le site d’un de nos clients en dépend.", ""},
	"en": {"This is our production environment, in Paris.", "It is about a small test VM.", "Three of us work on this project.", "Everything still worked last week.",
		"I read the help pages, but our case looks different.", "I am new to the console, so forgive me if it is obvious.", "One of our clients’ sites depends on it.", ""},
}

var tried = map[string][]string{
	"fr": {"J’ai déjà redémarré, sans effet.", "J’ai refait les étapes deux fois.", "J’ai essayé avec un autre navigateur.", "Je n’ai encore rien changé.", "L’API répond la même chose que la console.", ""},
	"en": {"I have restarted it already, no change.", "I went through the steps twice.", "I tried another browser.", "I have not changed anything yet.", "The API says the same as the console.", ""},
}

var closings = map[string][]string{
	"fr": {"Merci d’avance.", "Merci beaucoup pour votre aide.", "Bonne journée.", "Merci, et bon courage."},
	"en": {"Thanks in advance.", "Many thanks for your help.", "Have a good day.", "Thank you."},
}

var (
	questions = map[string][]string{
		"fr": {"Bonjour, pour avancer, pouvez-vous nous donner le nom de la VM concernée et l’heure du dernier essai ?", "Bonjour, quel message exact s’affiche à cette étape ? Une capture suffit.", "Bonjour, est-ce le cas depuis un seul réseau ou depuis plusieurs ?"},
		"en": {"Hello, to go on, could you tell us the name of the VM and the time of your last try?", "Hello, which exact message appears at that step? A screenshot is enough.", "Hello, does it happen from one network only, or from several?"},
	}
	details = map[string][]string{
		"fr": {"Voici les précisions : VM de production, dernier essai à 10 h 40, même message à chaque fois.", "Depuis le bureau et depuis la maison, c’est pareil.", "Je viens de réessayer : l’erreur a changé, elle parle maintenant d’un délai dépassé."},
		"en": {"Here are the details: the production VM, last try at 10:40, the same message every time.", "From the office and from home, it is the same.", "I just tried again: the error changed, it now speaks of a timeout."},
	}
	workingOn = map[string][]string{
		"fr": {"Bonjour, nous reproduisons le problème et cherchons sa cause. Prochaine nouvelle dans la journée.", "Bonjour, bien reçu. Nous regardons vos journaux et revenons vers vous."},
		"en": {"Hello, we can reproduce the problem and are looking for its cause. You will hear from us today.", "Hello, understood. We are reading your logs and will come back to you."},
	}
	handedOn = map[string][]string{
		"fr": {"Bonjour, votre cas demande l’avis de nos ingénieurs. Je reste votre contact et vous tiens au courant.", "Bonjour, je transmets à l’équipe infrastructure, avec tout ce que vous nous avez donné."},
		"en": {"Hello, your case needs our engineers. I stay your contact and keep you posted.", "Hello, I am passing this to the infrastructure team, with everything you gave us."},
	}
	notYet = map[string][]string{
		"fr": {"Malheureusement, le problème est revenu ce matin.", "La première partie marche, mais pas la seconde.", "Je n’ai pas le même écran que dans votre réponse."},
		"en": {"Unfortunately the problem came back this morning.", "The first part works, but not the second.", "My screen does not look like the one in your answer."},
	}
	praise = map[string][]string{
		"fr": {"Réponse claire et rapide.", "Très bon contact, merci.", "Problème réglé en un message."},
		"en": {"Clear and quick answer.", "Great contact, thank you.", "Solved in one message."},
	}
	regrets = map[string][]string{
		"fr": {"Réponse utile, mais bien tardive.", "Il a fallu expliquer deux fois.", "Pas encore convaincu par la solution."},
		"en": {"A useful answer, but late.", "I had to explain it twice.", "Not convinced by the solution yet."},
	}
	reviews = map[string]string{
		"fr": "Client rappelé. Cause : ticket resté sans responsable une demi-journée. Point fait avec l’équipe.",
		"en": "Customer called back. Cause: the ticket had no owner for half a day. Discussed with the team.",
	}
	briefs = map[string]struct{ timeline, impact, attempts, help string }{
		"fr": {"Signalé par le client, reproduit par le support dans l’heure.", "Une partie du service du client est ralentie.", "Redémarrage, vérification des journaux et des quotas.", "Un regard de l’équipe infrastructure sur l’hyperviseur."},
		"en": {"Reported by the customer, reproduced by support within the hour.", "Part of the customer’s service is slow.", "Restart, logs and quotas checked.", "The infrastructure team’s eyes on the hypervisor."},
	}
	solutions = map[string][]string{
		"fr": {"Bonjour,\n\nvoici la marche à suivre pour « %s » : ouvrez la console, choisissez la ressource concernée, puis vérifiez ses réglages avant d’enregistrer. Nous l’avons testée de notre côté.\n\nLe problème est-il résolu ?",
			"Bonjour,\n\nc’est corrigé. À propos de « %s » : le réglage manquait de notre côté, vous n’avez rien à faire.\n\nBonne journée.",
			"Bonjour,\n\npour « %s », l’article d’aide décrit les étapes ; chez vous, seule la troisième manquait. Dites-nous si cela suffit."},
		"en": {"Hello,\n\nhere is what to do about “%s”: open the console, choose the resource, check its settings and save. We tried it on our side.\n\nIs the problem solved?",
			"Hello,\n\nthis is fixed. About “%s”: a setting was missing on our side, there is nothing you need to do.\n\nHave a good day.",
			"Hello,\n\nfor “%s”, the help article lists the steps; in your case only the third one was missing. Tell us if that is enough."},
	}
	complaints = map[string]map[string][]string{
		"fr": {
			"incomplete":     {"Il manque le cas d’une VM sous Windows.", "Rien sur la facturation de cette option.", "Et en IPv6 ?", "L’étape après la validation n’est pas décrite."},
			"inaccurate":     {"Le menu ne porte plus ce nom.", "Le délai annoncé n’est pas celui que je constate."},
			"hard_to_follow": {"Trop de notions à la fois.", "Une capture par étape aiderait.", "Je me suis perdu à la moitié."},
			"broken":         {"Le lien vers la console ne mène nulle part.", "La commande renvoie une erreur."},
			"other":          {"Je cherchais autre chose.", "Je voulais parler à quelqu’un."},
		},
		"en": {
			"incomplete":     {"Nothing about a VM with Windows.", "What does this option cost?", "What about IPv6?", "The step after validation is missing."},
			"inaccurate":     {"The menu has another name now.", "It takes longer than the page says."},
			"hard_to_follow": {"Too many ideas at once.", "A picture for each step would help.", "I got lost half way."},
			"broken":         {"The link to the console goes nowhere.", "The command returns an error."},
			"other":          {"I was looking for something else.", "I wanted to talk to somebody."},
		},
	}
)

func (m *maker) say(lang string, texts map[string][]string) string { return pick(m.dice, texts[lang]) }

// sentence is a question as the subject of a message.
func sentence(q string) string {
	q = strings.TrimRight(q, " ?.!")
	r, n := utf8.DecodeRuneInString(q)
	return string(unicode.ToUpper(r)) + q[n:]
}

// request is a customer's first message.
func (m *maker) request(t *topic, lang string, p *Person) (subject, body string) {
	q := pick(m.dice, t.ask[lang])
	parts := []string{pick(m.dice, greetings[lang]), strings.Replace(pick(m.dice, openings[lang]), "%s", strings.TrimRight(q, " ?.!"), 1)}
	parts = append(parts, strings.TrimSpace(pick(m.dice, contexts[lang])+" "+pick(m.dice, tried[lang])), pick(m.dice, closings[lang]), p.Name)
	var kept []string
	for _, s := range parts {
		if s != "" {
			kept = append(kept, s)
		}
	}
	return sentence(q), strings.Join(kept, "\n\n")
}

// solution is the team's last answer.
func (m *maker) solution(t *topic, lang string) string {
	return strings.Replace(pick(m.dice, solutions[lang]), "%s", sentence(pick(m.dice, t.ask[lang])), 1)
}
