"""Word lists: stop words by language, words and phrases of unsafe texts and of notices; lower case throughout.

A language without a list skips the rules that need one. For Chinese and Japanese, where a word is a character here,
the lists hold the characters and kana that carry grammar.
"""

import re
from functools import cache

# Gopher asks for two of these (Rae et al. 2021, A1.1). They are compared as they stand, in lower case.
GOPHER_STOP_WORDS = frozenset({"the", "be", "to", "of", "and", "that", "have", "with"})

STOP_WORDS: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        # Contractions are cut: "do", "n't".
        "en": """
            a about above across after again against ago all almost along already also although always am among an and another
            any anyone anything are around as at away back be because been before behind being below beside besides between
            beyond both but by can could did do does doing done down during each either else enough even ever every everyone
            everything except few for from further get gets give given go got had has have having he her here hers herself him
            himself his how however i if in including inside instead into is it its itself just least less like made many may me
            might mine more most much must my myself near neither never next no nobody none nor not nothing now of off often on
            once one ones only onto or other others our ours ourselves out outside over own past per perhaps quite rather same
            shall she should since so some somebody someone something sometimes soon still such than that the their theirs them
            themselves then there these they this those though through throughout till to together too toward towards under
            unless until up upon us use used very was we were what whatever when whenever where whereas wherever whether which
            while who whoever whole whom whose why will with within without would yet you your yours yourself yourselves n't 's
            're 've 'll 'd 'm n’t ’s ’re ’ve ’ll ’d ’m ca wo
        """,
        "de": """
            ab aber alle allem allen aller alles als also am an ander andere anderen andern anders auch auf aus bei beim bin
            bis bist da dabei damit danach dann daran darauf daraus darin darüber das dass dazu dein deine dem den denn der
            deren des deshalb dessen die dies diese diesem diesen dieser dieses doch dort du durch ein eine einem einen einer
            eines einige einigen einmal er es etwas euch euer für gegen gibt hab habe haben hat hatte hatten hier hin hinter
            ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im immer in indem ins ist ja jede jedem jeden jeder jedes jene jetzt
            kann kein keine keinen können könnte machen man manche mehr mein meine mich mir mit muss müssen nach nicht nichts
            noch nun nur ob oder ohne schon sehr sein seine seinem seinen seiner seit selbst sich sie sind so solche soll
            sollte sondern sonst über um und uns unser unsere unter viel viele vom von vor wann war waren warum was weil
            welche welcher wenn wer werde werden weiter wie wieder will wir wird wo wollen wurde wurden während würde zu zum
            zur zwar zwischen
        """,
        "fr": """
            à afin ai ainsi alors après as au aucun aucune aussi autre autres aux avait avant avec avez avoir ayant beaucoup
            bien c'est car ce ceci cela celle celles celui ces cet cette ceux chaque chez comme comment contre d'un d'une dans
            de depuis des dès deux dont donc du elle elles en encore entre est et étaient était été être eu eux fait faire
            faut fois font il ils j'ai je jusqu l'on la là le les leur leurs lors lorsque lui ma mais me même mêmes mes moi
            moins mon n'a n'est ne ni nos notre nous on ont ou où par parce pas pendant peu peut peuvent plus plusieurs pour
            pourquoi pouvez qu'il qu'elle qu'un qu'une quand que quel quelle quelles quelque quelques quels qui quoi s'est sa
            sans se sera ses seulement si son sont sous souvent sur ta te tes toi ton tous tout toute toutes très trop tu un
            une vers voici voir vos votre vous y
        """,
        "es": """
            a acá además al algo algún alguna algunas alguno algunos ante antes aquel aquella aquí así aún aunque bajo bien
            cada casi como cómo con contra cual cuál cuales cualquier cuando cuándo cuanto de del desde después donde dónde
            dos durante e el él ella ellas ellos en entre era eran es esa esas ese eso esos esta está estaba están estar estas
            este esto estos fue fueron ha había han hacer hace hacia hasta hay he incluso la las le les lo los luego más me
            menos mi mientras mis mismo misma mucho muchos muy nada ni no nos nosotros nuestra nuestro o otra otras otro otros
            para pero poco por porque pues puede pueden que qué quien quién se sea según ser será si sí sido sin sino sobre
            solo sólo son su sus también tan tanto te tener tiene tienen todas todavía todo todos tu tus un una unas uno unos
            usted ustedes y ya yo
        """,
        "it": """
            a ad agli ai al alla alle allo anche ancora avere aveva c'è che chi ci come con contro cui da dagli dai dal dalla
            dalle dallo degli dei del della delle dello dell'altro di dopo dove due e è ed era erano essere fa fino fra già
            gli ha hanno ho i il in io la le lei li lo loro lui ma mi mia mio molto ne negli nei nel nella nelle nello noi non
            nostra nostro o ogni oltre per perché però più po poi prima quale quando quanto quella quelle quelli quello questa
            queste questi questo qui se sempre senza si sia siamo sono sotto sta stata stato su sua sue sugli sui sul sulla
            sulle suo suoi tra tutta tutte tutti tutto tu un una uno vi voi
        """,
        "pt": """
            a à ainda algum alguma algumas alguns ao aos aquela aquele aqui as às até cada com como da das de dela dele deles
            depois desde do dos e é ela elas ele eles em entre era eram essa esse esta está estão este eu foi foram há isso
            isto já lhe lo mais mas me mesmo meu minha muito muitos na não nas nem no nos nós nossa nosso num numa o onde os
            ou outra outras outro outros para pela pelas pelo pelos pode podem por porque qual quando que quem são se seja sem
            ser será seu seus sob sobre só sua suas também tem têm tinha todas todo todos tudo um uma umas uns você vocês
        """,
        "nl": """
            aan af al alle alleen alles als altijd andere bij binnen daar dan dat de den der deze die dit doch doen door dus
            een en enkele er ergens geen geweest had hadden heb hebben heeft heel hem hen het hier hij hoe hun iemand iets ik
            in is ja je jij jullie kan komen kon kunnen maar me meer men met mij mijn moet moeten na naar niet niets nog nu of
            om omdat onder ons onze ook op over reeds sinds te tegen tijdens toch toen tot tussen u uit uw van veel voor want
            waren was wat we weer wel welke werd werden wezen wie wij wil worden wordt zal ze zelf zich zij zijn zo zonder zou
            zouden
        """,
        "sv": """
            alla alltid andra att av bara bli blev blir da dag de dem den denna deras dess dessa det detta dig din där då efter
            eller en er ett från få får för genom går ha hade han har hans hela henne hennes hon honom hur här i icke igen in
            ingen inom inte jag ju kan kom kommer kunde man med mellan men mer mig min mot mycket ni nu när någon något några
            och också om oss på redan sedan sig sin sina sitt själv ska skall skulle som så sådan till under upp ut utan vad
            var vara varit varje vi vid vilka vilken vill vår våra än är åt över
        """,
        "pl": """
            a aby ale bardzo bez bo być by był była było były będzie co czy dla do gdy gdyż gdzie go i ich im inne innych ja
            jak jako je jednak jego jej jest jeszcze jeśli już każdy kiedy kto która które którego której który których którym
            lub ma mają mi może można na nad nas nawet nie nich nim niż o od on ona oni oraz po pod ponieważ poza przed przez
            przy są się sobie swoje ta tak takie także tam te tego tej ten to tu tych tylko tym u w we wiele więc wszystko
            wszystkie z za ze że
        """,
        "ru": """
            а без более бы был была были было быть в вам вас весь во вот все всего всех вы где да даже для до его ее её если
            есть еще ещё же за и из или им их к как какие когда которая которого которое которой которые который которых кто
            ли между меня мне может можно мы на над нас не него нее нет ни них но о об однако он она они оно от очень по под
            после потому при с сам со так также такой там те тем то того тоже той только том ты у уже чем через что чтобы эта
            эти это этого этой этом этот я
        """,
        "uk": """
            а або але був була були було бути в вам вас ви від він вона вони воно все всіх де для до його є ж за з зі і із
            інші їх її й коли крім ми може можна на над нас не нього ні ними о об один по під після при про саме собі та так
            також такі там те ти тим то того тому той тільки у хто це цей цих ця чи що щоб я як яка який які якщо
        """,
        "tr": """
            ama ancak aslında bana bazı belki ben bile bir biri birkaç biz böyle bu buna bunlar bunu çok çünkü da daha de
            değil diye en gibi göre hem hep her hiç için ile ilgili ise kadar ki kim mi mu mü nasıl ne neden o olan olarak
            oldu olduğu olur on ona onlar onu onun sadece sen siz son sonra şey şu tüm var ve veya ya yani yok
        """,
        "zh": """
            的 了 是 在 和 有 不 这 這 为 為 与 與 也 就 都 而 及 到 从 從 以 于 於 他 她 它 我 你 们 們 个 個 之
            其 被 把 对 對 上 下 中 或 但 所 因 可 会 會 能 要 将 將 已 没 沒 很 还 還 那 些 么 麼 什 吗 嗎 吧 呢
            让 讓 给 給 由 向 并 並 等 则 則 如 一
        """,
        "ja": """
            の に は を た が で て と し れ さ あ る い も す な こ よ う か ら り だ ま け お そ ど
        """,
        "ko": """
            이 그 저 것 수 등 및 더 또 또는 그리고 그러나 하지만 때문에 위해 대한 대해 있다 있는 있습니다 한다 합니다 하는 이다
            입니다 된다 됩니다 되는 없는 없다 같은 다른 모든 우리 나는 내가 그는 그것은 이것은 통해 따라 경우 같이 함께
        """,
        "ar": """
            في من على إلى أن إن التي الذي الذين هذا هذه ذلك تلك ما لا لم لن هو هي هم كان كانت يكون مع عن بعد قبل كل بين أو ثم
            قد كما حتى إذا عند غير منذ أي و به بها له لها فيه فيها منه منها عليه عليها
        """,
        "hi": """
            के का की है में से को और हैं पर यह इस कि जो ने भी हो था थे थी एक नहीं तो ही या कर लिए अपने उस वह वे इन उन जब तक
            किया गया गई गए करने साथ बाद द्वारा हुए हुआ रहा रही रहे
        """,
    }.items()
}

# A modest list: it measures a share and does not judge a page by one word. Names of body parts, of health and of
# orientation are left out on purpose, since they hit the innocent. English counts everywhere, the rest in its language.
_FLAGGED_WORDS: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "en": """
            bdsm blowjob blowjobs brazzers bukkake camgirl camgirls camwhore cocksucking creampie cumming cumshot cumshots
            cumslut cunnilingus deepthroat dildo dildos doggystyle dominatrix fellatio femdom fisting footjob fuck fucked
            fucker fucking gangbang gangbangs handjob handjobs hentai horny jizz masturbate masturbating milf milfs
            motherfucker nsfw orgies orgy porn porno pornhub pornographic pornos pornstar pornstars redtube slut sluts slutty
            strapon threesome threesomes upskirt whore whores xhamster xnxx xvideos xxx youporn
        """,
        "de": "ficken fickt gefickt fotze fotzen hure huren nutte nutten pornofilm pornofilme schlampe schlampen titten",
        "fr": "baiser branler enculer enculé pute putes salope salopes nichons partouze",
        "es": "follar follando cogida mamada mamadas puta putas tetas zorras corrida",
        "it": "scopare scopata troia troie puttana puttane pompino pompini",
        "pt": "foder puta putas boquete punheta buceta",
        "nl": "neuken geneukt hoer hoeren slet sletten pijpen",
    }.items()
}


@cache
def flagged_words(language: str) -> frozenset[str]:
    """The words that count as unsafe in texts of this language."""
    return _FLAGGED_WORDS["en"] | _FLAGGED_WORDS.get(language, frozenset())


# C4's phrases of policy lines (Raffel et al. 2020), and the same said in other ways and languages.
ENGLISH_POLICY_PHRASES = ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies")
POLICY_PHRASES = (
    *ENGLISH_POLICY_PHRASES,
    "accept cookies",
    "accept all cookies",
    "verwendet cookies",
    "verwenden cookies",
    "datenschutzerklärung",
    "cookie-richtlinie",
    "utilise des cookies",
    "utilisons des cookies",
    "politique de confidentialité",
    "utiliza cookies",
    "utilizamos cookies",
    "política de privacidad",
    "política de cookies",
    "使用cookie",
    "使用 cookie",
    "隐私政策",
)

# A notice that asks for JavaScript. C4 drops each line that has the word at all, and with it every tutorial.
SCRIPT_WORD = "javascript"
_GAP = r"\W{1,8}(?:\w{1,16}\W{1,8}){0,3}"  # up to three words; bounded, so that no text can make it slow
SCRIPT_NOTICE = re.compile(
    rf"(?:enabl|allow|requir|need|support|without|turn on|switch on|aktivier|activ|habilit|启用)\w{{0,12}}{_GAP}{SCRIPT_WORD}"
    rf"|{SCRIPT_WORD}{_GAP}(?:enabl|disabl|requir|need|turned|switched|support|activ|aktiv|deaktiv|désactiv|desactiv|habilit)"
)

LOREM_IPSUM = "lorem ipsum"
