package search

import "strings"

// englishForms are the irregular verbs a help centre meets, and nouns like
// them.
const englishForms = `
begin: began begun beginning
break: broke broken
bring: brought
build: built
buy: bought
catch: caught
choose: chose chosen choosing
come: came
die: dying dies died
fall: fell fallen
find: found
forget: forgot forgotten forgetting
freeze: froze frozen freezing
get: got gotten
give: gave given giving
go: goes went gone
grow: grew grown
hang: hung
hide: hid hidden hiding
hold: held
keep: kept
know: knew known
leave: left leaving
lose: lost losing
make: made making
mean: meant
overwrite: overwrote overwritten overwriting
pay: paid
rewrite: rewrote rewritten rewriting
run: ran
say: said
see: saw seen
sell: sold
send: sent
speak: spoke spoken
spend: spent
steal: stole stolen
stick: stuck
take: took taken taking
tell: told
throw: threw thrown
understand: understood
wake: woke woken
withdraw: withdrew withdrawn
write: wrote written writing
modify: modification modifications
verify: verification verifications
notify: notification notifications
specify: specification specifications
`

// frenchForms are verbs of the third group and nouns whose singular and plural
// the stemmer takes for different words.
const frenchForms = `
atteindre: atteins atteint atteinte atteints atteignent atteignez
apparaître: apparais apparait apparaît apparaissent apparaissait apparu apparue apparus
attendre: attends attend attendent attendez attendu attendus
comprendre: comprends comprend comprennent compris comprise
conduire: conduis conduit conduisent
connaître: connais connait connaît connaissent connaissez connu connue connus
connexion: connexions
croire: crois croit croient croyez cru
déconnexion: déconnexions
détenir: détiens détient détiennent détenu
détruire: détruis détruit détruite détruits détruisent
devenir: deviens devient deviennent devenu devenue
disparaître: disparais disparait disparaît disparaissent disparu disparue disparus disparues
écrire: écris écrit écrite écrits écrivent écrivez écrivait
entendre: entends entend entendu
envoyer: envoient envois enverra enverrez enverrai envoyons
essayer: essaye essayent essaient
étendre: étends étend étendent étendu étendue étendus
éteindre: éteins éteint éteinte éteints éteintes éteignez éteignent
inscrire: inscris inscrit inscrite inscrits inscrivent inscrivez
interrompre: interromps interrompt interrompu interrompue interrompus
introduire: introduis introduit introduite introduisent
joindre: joins joint jointe joints jointes joignez
lire: lis lit lisent lisez lisait lu
maintenir: maintiens maintient maintiennent maintenu maintenue
mettre: mets met mettent mettez mettais mettait
obtenir: obtiens obtient obtiennent obtenez obtenu obtenue obtenus
ouvrir: ouvert ouverte ouverts ouvertes
parvenir: parviens parvient parviennent parvenu
payer: paye payes payent paient paie paies
perdre: perds perd perdent perdez perdu perdue perdus perdues
permettre: permets permet permettent permis
prendre: prends prend prennent prenez pris prise
produire: produis produit produisent
recevoir: reçois reçoit reçoivent recevez recevons recevait recevais
reconnaître: reconnais reconnait reconnaît reconnaissent reconnu reconnue
réduire: réduis réduit réduite réduits réduisent
rendre: rends rend rendent rendez rendu
répondre: réponds répond répondent répondez répondu
reprendre: reprends reprend reprennent reprenez repris
résoudre: résous résout résolvent résolu résolue résolus
restreindre: restreins restreint restreinte restreints
savoir: sais sait savent savez
souscrire: souscris souscrit souscrite souscrits souscrivez
soutenir: soutiens soutient soutenu
suivre: suis suit suivent suivez suivi suivie
suspendre: suspends suspend suspendu suspendue suspendus suspendues
tenir: tiens tient tiennent tenu
traduire: traduis traduit traduite traduits
transmettre: transmets transmet transmettent transmis transmise
vendre: vends vend vendent vendu vendue
venir: viens vient viennent venez venu venue
vivre: vit vivent vécu
voir: vois voit voient voyez vu vue vus
résilier: résilie résilies résilient
vérifier: vérification vérifications vérifie vérifient
modifier: modification modifications modifie modifient
certifier: certifie certifient
notifier: notification notifications notifie notifient
identifier: identification identifications identifie
qualifier: qualification
publier: publication publications publie publient
copier: copie copies copient copié
`

// baseForms reads a list of forms: what each leads to.
func baseForms(list string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(list) {
		base, forms, _ := strings.Cut(line, ":")
		for _, f := range strings.Fields(forms) {
			out[f] = strings.TrimSpace(base)
		}
	}
	return out
}

// american turns British spellings that the stemmer takes for other words.
func american(word string) string {
	for _, e := range [...]string{"ise", "ised", "ises", "ising", "isation", "isations", "iser", "isers"} {
		if root, ok := strings.CutSuffix(word, e); ok && len(root) >= 4 && !british[word] && !british[root+"ise"] {
			return root + "iz" + e[2:]
		}
	}
	return word
}

// british are words that have an s on both sides of the ocean.
var british = wordSet(`otherwise enterprise promise exercise surprise compromise franchise merchandise premise
	precise expertise likewise paradise supervise disguise improvise televise concise advertise devise revise
	treatise clockwise praise appraise turquoise comprise chemise`)

// englishFamilies and frenchFamilies are verbs and their nouns that look
// different.
const englishFamilies = `
subscribe subscription subscriber
suspend suspension
resolve resolution
register registration registrar
respond response
decide decision
extend extension
expand expansion
receive receipt reception
deny denial
fail failure
pay payment payable
lock lockout
log login logon
reply replies
renew renewal
remove removal
approve approval
prove proof
choose choice
lose loss
sell sale
grow growth
deep depth
long length
strong strength
migrate migration
expire expiry expiration
secure security
enter entry
deliver delivery
recover recovery
discover discovery
permit permission
admit admission
submit submission
transmit transmission
convert conversion
invert inversion
exceed excess
proceed process
include inclusion
exclude exclusion
describe description
prescribe prescription
destroy destruction
produce production
reduce reduction
introduce introduction
`

const frenchFamilies = `
supprimer suppression
connecter connexion
déconnecter déconnexion
recevoir reçu réception
perdre perte
échouer échec
répondre réponse
vendre vente vendeur
suspendre suspension
étendre extension
interrompre interruption
réduire réduction
lire lecture lecteur
écrire écriture
ouvrir ouverture
fermer fermeture
protéger protection
détruire destruction
souscrire souscription
inscrire inscription
transférer transfert
éteindre extinction
résoudre résolution
permettre permission
débuter début débutant
bloquer blocage
régler réglage
charger chargement
payer payeur
partir départ
revenir retour
apparaître apparition
disparaître disparition
corrompre corruption
construire construction
traduire traduction
produire production
introduire introduction
restreindre restriction
convertir conversion
transmettre transmission
soumettre soumission
admettre admission
choisir choix
essayer essai
envoyer envoi
oublier oubli
prolonger prolongation
joindre jonction
accéder accès accessible
lent lenteur ralentir ralentissement
migrer migration
tenter tentative
créer création créateur
monter montage
démonter démontage
coûter coût
louer location
acheter achat acheteur
arriver arrivée
entrer entrée
sortir sortie
durer durée
valider validation validité
sécuriser sécurité
stocker stockage
visiter visiteur visite
partager partage
`
