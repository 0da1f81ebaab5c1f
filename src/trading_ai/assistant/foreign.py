"""Common words of German and French questions as English ones; what is none of them stays as it is."""

from __future__ import annotations

_GERMAN = """
welche=which welcher=which welches=which welchem=which welchen=which was=what wie=how wieviel=how_much
wieviele=how_many viele=many viel=much warum=why wann=when wo=where ist=is sind=are war=was waren=were hat=has
habe=have haben=have hatte=had hatten=had der=the die=the das=the den=the dem=the des=of_the ein=a eine=a einer=a
einem=a einen=a im=in_the am=on_the an=on bei=at zu=to zum=to_the zur=to_the von=of vom=of_the mit=with ohne=without
und=and oder=or auf=on aus=from für=for nach=by pro=per je=per mein=my meine=my meiner=my meinem=my meinen=my ich=i
es=it mir=me zeig=show zeige=show gib=give bitte=please verliere=lose verliert=loses gewinn=profit gewinne=profits
nettogewinn=net_profit verlust=loss verluste=losses reingewinn=net_profit ergebnis=result gewinnfaktor=profit_factor
profitfaktor=profit_factor trefferquote=win_rate gewinnrate=win_rate rückgang=drawdown kombination=combination
kombinationen=combinations einstellung=setting einstellungen=settings parametersatz=parameter_set beste=best
bester=best bestes=best besten=best bestem=best schlechteste=worst schlechtester=worst schlechtesten=worst
schlechtestes=worst höchste=highest höchsten=highest höchster=highest niedrigste=lowest niedrigsten=lowest
größte=largest größter=largest größten=largest grösste=largest kleinste=smallest kleinsten=smallest längste=longest
längsten=longest kürzeste=shortest meisten=most wenigsten=least letzte=last letzten=last letzter=last letztem=last
letztes=last durchschnitt=average durchschnittlich=average durchschnittliche=average durchschnittlicher=average
durchschnittlichen=average mittlere=average mittlerer=average summe=sum anzahl=number_of insgesamt=in_total
gesamt=total handel=trade geschäft=trade geschäfte=trades position=position positionen=positions kauf=long
käufe=longs verkauf=short verkäufe=shorts montag=monday montags=monday dienstag=tuesday dienstags=tuesday
mittwoch=wednesday mittwochs=wednesday donnerstag=thursday donnerstags=thursday freitag=friday freitags=friday
samstag=saturday sonntag=sunday januar=january februar=february märz=march mai=in_may juni=june juli=july
oktober=october dezember=december tag=day tage=days tagen=days woche=week wochen=weeks wochentag=weekday monat=month
monate=months monaten=months quartal=quarter jahr=year jahre=years stunde=hour stunden=hours uhrzeit=hour
sitzung=session hoch=high_is tief=low_is kosten=costs gebühren=fees kommission=commission gleitende=moving
optimierung=optimization optimierungen=optimizations läuft=running laufen=running daten=data lücken=gaps lücke=gap
verloren=lost verdient=made gemacht=made gewonnen=won serie=streak verlustserie=losing_streak
gewinnserie=winning_streak stoploss=stop_loss nicht=not kein=no keine=no über=over unter=below mehr=more als=than
weniger=less mindestens=at_least höchstens=at_most zwischen=between seit=since bis=until
"""
_FRENCH = """
quel=which quelle=which quels=which quelles=which quoi=what comment=how combien=how_many pourquoi=why quand=when
où=where est=is sont=are était=was le=the la=the les=the l'=the un=a une=a du=of_the de=of des=of au=at_the
aux=at_the dans=in sur=on avec=with sans=without et=and ou=or pour=for par=per mon=my ma=my mes=my je=i il=it a=has
ai=have montre=show donne=give bénéfice=profit bénéfices=profits gain=profit gains=profits perte=loss pertes=losses
résultat=result rendement=return meilleur=best meilleure=best meilleurs=best meilleures=best pire=worst pires=worst
élevé=highest plus=most grand=largest grande=largest petite=smallest petit=smallest dernier=last dernière=last
derniers=last dernières=last moyenne=average moyen=average total=total nombre=number_of taux=rate réussite=win_rate
combinaison=combination combinaisons=combinations paramètres=parameters paramètre=parameter réglages=settings
transactions=trades transaction=trade opérations=trades lundi=monday mardi=tuesday mercredi=wednesday jeudi=thursday
vendredi=friday samedi=saturday dimanche=sunday janvier=january février=february mars=march avril=april mai=in_may
juin=june juillet=july août=august septembre=september octobre=october novembre=november décembre=december jour=day
jours=days semaine=week mois=month trimestre=quarter année=year heure=hour heures=hours coûts=costs frais=fees
optimisation=optimization données=data série=streak perdu=lost gagné=made gagnantes=winning perdantes=losing net=net
"""


def _table(text: str) -> dict[str, str]:
    pairs = (pair.split("=") for pair in text.split())
    return {foreign: english.replace("_", " ") for foreign, english in pairs}


_TABLES = (_table(_GERMAN), _table(_FRENCH))
_ALSO = """
a ai am an avec des die est gain gains il la le ma mai mars mit mon moyen net on par petite plus position
positionen pour pro rate serie sur total transaction transactions un was
"""
_ALSO_ENGLISH = frozenset(_ALSO.split())
"""Words that are usual in English, or in names: they do not tell that a question is in another language."""

_LEAST = 1
"""Words of a language that make a question one of it."""


def in_english(text: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """A question with its German or French words in English, and which these were.

    Args:
        text: in lower case.
    """
    words = text.replace("l'", "l' ").split()
    for table in _TABLES:
        told = [w.strip("?,.!;:") for w in words]
        if sum(w in table and w not in _ALSO_ENGLISH for w in told) < _LEAST:
            continue
        read = tuple((w, table[w]) for w in dict.fromkeys(told) if w in table and table[w] != w)
        made = [
            word.replace(bare, table[bare], 1) if bare in table else word
            for word, bare in zip(words, told, strict=True)
        ]
        return " ".join(made), read
    return text, ()
