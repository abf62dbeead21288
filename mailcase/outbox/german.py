"""What the rules write in English, in German: names that are shipped, and the reasons why something is not done."""

from typing import Final

#: Statuses and priorities as they are shipped; a house's own names are in its own language.
NAMES: Final = {
    "New": "Neu", "In progress": "In Bearbeitung", "Waiting for response": "Wartet auf Antwort", "Resolved": "Gelöst",
    "Reopened": "Wieder geöffnet", "Closed": "Abgeschlossen", "Canceled": "Abgebrochen",
    "Low": "Niedrig", "Medium": "Mittel", "High": "Hoch", "Critical": "Kritisch",
}  # fmt: skip
SUSPENDED: Final = "angehalten"
#: Each a whole line: words in <> are taken over; <...> is a reason itself, or words of a list that are translated.
LINES: Final = (
    # what became of an agent's mail, around the reason
    ("<reason...> (done before: <did>)", "<reason> (vorher ausgeführt: <did>)"),
    (
        "<step>: done, but the customer is not told (the case has no contact, or no rule tells him)",
        "<step>: ausgeführt, aber der Kunde erfährt es nicht (der Vorgang hat keinen Kontakt, oder keine Regel sagt es "
        "ihm)",
    ),
    ("<step>: done, but <who> is not told (<why...>)", "<step>: ausgeführt, aber <who> erfährt es nicht (<why>)"),
    ("the answer goes out without these files:", "Die Antwort geht ohne diese Dateien hinaus:"),
    (
        "the customer is told without these files, which go along with a reply alone:",
        "Der Kunde erfährt es ohne diese Dateien; nur eine Antwort nimmt welche mit:",
    ),
    # what a mail says
    ("<what> is no command; there are <all>", "<what> ist kein Befehl; es gibt <all>"),
    ("<what> is no command; it needs <more...>", "<what> ist kein Befehl; dazu gehört <more>"),
    ("an agent's address, a group, or me", "die Adresse eines Bearbeiters, eine Gruppe, oder me"),
    ("Low, Medium, High or Critical", "Low, Medium, High oder Critical"),
    (
        "<what> stands below your first words, where it would go out as text: nothing was sent or done; commands stand "
        "on the first lines, above the words",
        "<what> steht unter Ihren ersten Worten, wo es als Text hinausginge: Nichts wurde gesendet oder ausgeführt; "
        "Befehle stehen in den ersten Zeilen, über dem Text",
    ),
    (
        "these are <n> commands; a mail may have <most>",
        "Das sind <n> Befehle; eine E-Mail darf <most> haben",
    ),
    (
        "<names> both say what becomes of the text: one mail, one of them",
        "<names> sagen beide, was aus dem Text wird: eine E-Mail, einer von ihnen",
    ),
    (
        "#start takes nothing behind it, and what is <rest> to do?",
        "Hinter #start steht nichts; was soll mit <rest> geschehen?",
    ),
    (
        "it is not certain where your words end and our quoted mail begins: nothing was sent; write your answer above "
        "the quotation, or take the quotation out",
        "Es ist nicht sicher, wo Ihr Text endet und unsere zitierte E-Mail beginnt: Nichts wurde gesendet; bitte "
        "schreiben Sie Ihre Antwort über das Zitat, oder nehmen Sie das Zitat heraus",
    ),
    (
        "the mail says nothing: no words above the quotation, and no command",
        "Die E-Mail sagt nichts: kein Text über dem Zitat, und kein Befehl",
    ),
    # whom it would reach
    (
        "<what> tells the customer of the case, and the notice told of <who>: nothing was done; words without it go "
        "there, and `mailcase case` does the rest",
        "<what> geht an den Kunden des Vorgangs, die Benachrichtigung handelt aber von <who>: Nichts wurde ausgeführt; "
        "Text ohne diesen Befehl geht dorthin, alles andere tut `mailcase case`",
    ),
    (
        "the notice told of <who...>: nothing was sent; `mailcase case reply` writes to the customer of the case",
        "Die Benachrichtigung handelte von <who>: Nichts wurde gesendet; `mailcase case reply` schreibt dem Kunden",
    ),
    ("somebody who is none of the people of <case>", "jemandem, der mit <case> nichts zu tun hat"),
    ("<who>, who is none of the people of <case>", "<who>, der mit <case> nichts zu tun hat"),
    # who wrote it
    (
        "no trusted server says that the mail is his: <detail>",
        "Kein vertrauter Server bestätigt, dass die E-Mail von Ihnen ist: <detail>",
    ),
    ("the agent does not stand alone in From", "Im From steht nicht der Bearbeiter allein"),
    (
        "the mail answers no notice that was sent to him about this case",
        "Die E-Mail beantwortet keine Benachrichtigung zu diesem Vorgang, die an Sie ging",
    ),
    (
        "the mail is an old one that was read in now: nothing is sent for it",
        "Die E-Mail ist alt und wurde erst jetzt eingelesen: Nichts wird dafür gesendet",
    ),
    (
        "the notice that the mail answers is known to <who> too",
        "Die Benachrichtigung, die beantwortet wird, kennt auch <who>",
    ),
    (
        "the notice that the mail answers went to a group, and somebody who had it is not in it any more",
        "Die Benachrichtigung, die beantwortet wird, ging an eine Gruppe, und wer sie bekam, ist nicht mehr darin",
    ),
    # how often
    (
        "these are the words of your last reply on this case: nothing was sent",
        "Das ist der Text Ihrer letzten Antwort zu diesem Vorgang: Nichts wurde gesendet",
    ),
    (
        "you have sent <n> replies on this case within <hours> h, more are not sent by mail for now; `mailcase case "
        "reply` sends one",
        "Sie haben innerhalb von <hours> h <n> Antworten zu diesem Vorgang gesendet, per E-Mail gehen vorerst keine "
        "weiteren hinaus; `mailcase case reply` sendet eine",
    ),
    # what an act refuses
    (
        "<case> is <status...>: <act> is not possible (<why...>); possible are <all>",
        "<case> ist <status>: <act> ist nicht möglich (<why>); möglich sind <all>",
    ),
    (
        "<case> is <status...>: <act> is not possible; possible are <all>",
        "<case> ist <status>: <act> ist nicht möglich; möglich sind <all>",
    ),
    (
        "<case> was merged into <into>: <act> is not possible; possible are <all>",
        "<case> ging in <into> auf: <act> ist nicht möglich; möglich sind <all>",
    ),
    ("it is so already", "das ist schon so"),
    ("nobody is assigned", "niemand hat ihn"),
    ("[[cases.transition]] leaves only some steps", "[[cases.transition]] lässt nur manche Schritte zu"),
    ("category <name> takes one step after another", "in der Kategorie <name> folgt ein Schritt auf den anderen"),
    ("there is no case <case>", "Den Vorgang <case> gibt es nicht"),
    ("there is no priority <given>; there are <all>", "Die Priorität <given> gibt es nicht; es gibt <all>"),
    ("there is no agent group <given>; there are <all>", "Die Gruppe <given> gibt es nicht; es gibt <all>"),
    (
        "<key> is no agent and cannot be <what>: `mailcase agent list` shows them",
        "<key> ist kein Bearbeiter: `mailcase agent list` zeigt alle",
    ),
    (
        "<who> is disabled and cannot be <what>: `mailcase agent enable <name>` changes that",
        "<who> ist abgeschaltet: `mailcase agent enable <name>` ändert das",
    ),
    (
        "<who> is disabled: `mailcase agent enable <name>` lets him act again",
        "<who> ist abgeschaltet: `mailcase agent enable <name>` ändert das",
    ),
    ("<who> does not have organization <name> of the case", "<who> gehört nicht zur Organisation <name> des Vorgangs"),
    (
        "nobody of group <group> has organization <name> of the case",
        "Niemand in der Gruppe <group> gehört zur Organisation <name> des Vorgangs",
    ),
    (
        "<case> is assigned so already: assignee <who>, group <group>",
        "<case> ist schon so zugewiesen: Bearbeiter <who>, Gruppe <group>",
    ),
    ("<case>: the priority is <to...> already", "<case>: Die Priorität ist schon <to>"),
    (
        "<case> has open tasks (<tasks>): what becomes of them? <ways>",
        "<case> hat offene Aufgaben (<tasks>): Was wird aus ihnen? <ways>",
    ),
    ("the solution is empty: what is it to say?", "Die Lösung ist leer: Was soll darin stehen?"),
    ("the note is empty: what is it to say?", "Die Notiz ist leer: Was soll darin stehen?"),
    ("the comment is empty: what is it to say?", "Der Kommentar ist leer: Was soll darin stehen?"),
    (
        "the <what> has <n> characters, at most <most> are possible",
        "Der Text hat <n> Zeichen, höchstens <most> sind möglich",
    ),
    (
        "case <case> has no contact with an address to write to: `mailcase case contact <name> ADDRESS` names one",
        "Der Vorgang <case> hat keinen Kontakt mit einer Adresse: `mailcase case contact <name> ADRESSE` nennt einen",
    ),
    (
        "the template <name> cannot be filled: <error>; nothing was sent: mend it, and `mailcase check` tries it",
        "Die Vorlage <name> lässt sich nicht füllen: <error>; nichts wurde gesendet: `mailcase check` probiert sie aus",
    ),
    # files, and customers who are not told
    ("its type is not among [attachments] types (<all>)", "ihr Typ steht nicht in [attachments] types (<all>)"),
    ("it is larger than [attachments] max_size", "sie ist größer als [attachments] max_size"),
    ("[attachments] max_count is <n>", "[attachments] max_count ist <n>"),
    ("together they are larger than [attachments] max_total", "zusammen sind sie größer als [attachments] max_total"),
    (
        "a mail may hold our notice, which is not for customers",
        "eine E-Mail kann unsere Benachrichtigung enthalten, die nicht für Kunden ist",
    ),
    ("only the beginning of the mail was fetched", "nur der Anfang der E-Mail wurde geholt"),
    ("not a person", "kein Mensch hat den Vorgang eröffnet"),
    (
        "Not verified: <who> is none of the people of this case, or somebody writes under that address.",
        "Nicht bestätigt: <who> gehört nicht zu diesem Vorgang, oder jemand schreibt unter dieser Adresse.",
    ),
    ("sender unverified", "der Absender ist nicht bestätigt"),
    ("robot sender", "die Adresse ist die einer Maschine"),
    ("own address", "die Adresse ist eine von unseren"),
    ("not sendable", "an die Adresse kann nichts gehen"),
    ("suppressed", "die Adresse bekommt nichts Automatisches"),
    # a step or a file, and why
    ("<step>: <reason...>", "<step>: <reason>"),
)
