"""Sentences in German, French, Spanish and Chinese: pages that an English corpus must recognise and leave out."""

# ruff: noqa: E501
SENTENCES = {
    "de": """
Am [Montag|Dienstag|Freitag] hat der Stadtrat von [Altenwerder|Nordhafen|Lindenau] beschlossen, die alte [Werkstatt|Schule|Bäckerei] wieder zu öffnen.
In der [Küche|Werkstatt|Bibliothek] riecht es nach [Holz|Kaffee|Lavendel], und vor dem Fenster sitzt eine [Katze|Möwe|Krähe].
Meine [Tante|Großmutter|Nachbarin] hat immer gesagt, dass [Papier|Leinen|Eichenholz] jeden Fehler behält und jede Geduld belohnt.
Wer noch nie mit [Ton|Wolle|Kupfer] gearbeitet hat, sollte mit einem kleinen Stück anfangen und sich nicht ärgern.
Nach [drei|vier|sieben] Tagen war das Bild endlich trocken, und wir haben es über den [Tisch|Ofen|Schrank] gehängt.
Die [Besucher|Kinder|Gäste] kamen trotz [Regen|Nebel|Schnee], weil jemand [Apfelkuchen|Kartoffelsuppe|Pflaumenmus] versprochen hatte.
Auf diesem Blatt sieht man nur wenige Formen, und gerade deshalb bleibt der Blick so lange daran hängen.
Der [Tischler|Drucker|Gärtner] von nebenan lieh uns seinen [Hammer|Pinsel|Zirkel], ohne nach dem Grund zu fragen.
Im [Frühling|Sommer|Herbst] stehen die Türen den ganzen Tag offen, und man hört die [Glocken|Schiffe|Vögel] vom Hafen her.
Das Geheimnis liegt darin, das Papier eine [Nacht|Stunde|Woche] ruhen zu lassen, bevor man die zweite Farbe aufträgt.
Später hat der Verein eine zweite [Lampe|Presse|Bank] gekauft, die heute im [Flur|Keller|Lesesaal] steht.
Niemand wusste mehr, warum die Wand [blau|gelb|grün] gestrichen war, aber alle hatten sich daran gewöhnt.
Man geht vom Bahnhof etwa [zehn|zwanzig|dreißig] Minuten am Fluss entlang, bei [Wind|Regen] auch etwas länger.
Am Ende blieb ein Karton mit [Resten|Entwürfen|Skizzen], den bis heute keiner wegwerfen will.
""",
    "fr": """
Le conseil municipal de [Vieuxport|Clairval|Montreuse] a décidé [lundi|mardi|vendredi] de rouvrir l'ancien [atelier|moulin|lavoir] au bord de la rivière.
Dans la [cuisine|bibliothèque|boulangerie] flotte une odeur de [café|lavande|bois], et un [chat|merle|chien] dort devant la fenêtre.
Ma [tante|voisine|grand-mère] disait toujours que le [papier|lin|chêne] garde la mémoire de chaque geste.
Si vous n'avez jamais travaillé l'[argile|étain|osier], commencez par un petit morceau et acceptez de le gâcher.
Au bout de [trois|quatre|huit] jours, le dessin était enfin sec et nous l'avons accroché au-dessus de la [table|porte|cheminée].
Les [visiteurs|enfants|voisins] sont venus malgré la [pluie|brume|neige], parce que quelqu'un avait promis une [tarte|soupe|confiture].
Sur cette feuille on ne voit que quelques formes, et c'est pour cela que le regard y reste si longtemps.
Le [menuisier|jardinier|relieur] d'à côté nous a prêté son [marteau|pinceau|compas] sans demander pourquoi.
Au [printemps|mois de juin|mois de mai], les portes restent ouvertes toute la journée et l'on entend les [cloches|bateaux|oiseaux] du port.
Le secret, c'est de laisser reposer le papier une [nuit|heure|semaine] avant de poser la deuxième couleur.
Plus tard, l'association a acheté une seconde [lampe|presse|armoire], qui se trouve aujourd'hui dans le [couloir|grenier|salon].
Personne ne savait plus pourquoi le mur était peint en [bleu|jaune|vert], mais tout le monde s'y était habitué.
De la gare, il faut marcher [dix|vingt|trente] minutes le long du canal, un peu plus quand il y a du vent.
Il est resté une boîte pleine de [brouillons|chutes|croquis], que personne ne veut jeter.
""",
    "es": """
El ayuntamiento de [Puertoviejo|Valdeclara|Montelargo] decidió el [lunes|martes|viernes] volver a abrir el antiguo [taller|molino|lavadero] junto al río.
En la [cocina|biblioteca|panadería] huele a [café|lavanda|madera], y un [gato|mirlo|perro] duerme delante de la ventana.
Mi [tía|vecina|abuela] decía siempre que el [papel|lino|roble] guarda la memoria de cada gesto.
Quien nunca haya trabajado con [barro|lana|cobre] debería empezar con un trozo pequeño y aceptar que se estropee.
Después de [tres|cuatro|ocho] días el dibujo estaba por fin seco y lo colgamos encima de la [mesa|puerta|chimenea].
Los [visitantes|niños|vecinos] vinieron a pesar de la [lluvia|niebla|nieve], porque alguien había prometido una [tarta|sopa|mermelada].
En esta hoja solo se ven unas pocas formas, y precisamente por eso la mirada se queda tanto tiempo en ella.
El [carpintero|jardinero|impresor] de al lado nos prestó su [martillo|pincel|compás] sin preguntar para qué.
En [primavera|verano|otoño] las puertas están abiertas todo el día y se oyen las [campanas|barcas|gaviotas] del puerto.
El secreto está en dejar descansar el papel una [noche|hora|semana] antes de poner el segundo color.
Más tarde la asociación compró otra [lámpara|prensa|mesa], que hoy se encuentra en el [pasillo|desván|salón].
Nadie sabía ya por qué la pared estaba pintada de [azul|amarillo|verde], pero todos se habían acostumbrado.
Desde la estación hay que andar [diez|veinte|treinta] minutos junto al canal, algo más cuando hace viento.
Al final quedó una caja llena de [bocetos|recortes|pruebas], que nadie quiere tirar.
""",
    "zh": """
[星期一|星期二|星期五],[青石镇|临江镇|北港镇]的居民决定重新开放河边的旧[作坊|磨坊|书院]。
[厨房|图书室|面包房]里飘着[咖啡|木头|薰衣草]的香味,窗前睡着一只[猫|狗|小鸟]。
我的[姑姑|邻居|祖母]总是说,[纸|亚麻|橡木]会记住每一双手留下的痕迹。
如果你从来没有用过[陶土|羊毛|铜],最好先从一小块开始,不要怕失败。
过了[三|四|八]天,画终于干了,我们把它挂在[桌子|门|壁炉]上方。
虽然下着[雨|雪|大雾],[客人|孩子|邻居]们还是来了,因为有人答应做[苹果派|土豆汤|梅子酱]。
这张纸上只有几个简单的形状,正因为如此,人们会看得很久。
隔壁的[木匠|园丁|印刷工]把他的[锤子|画笔|圆规]借给我们,也没有问为什么。
[春天|夏天|秋天]的时候,门整天都开着,可以听见港口传来的[钟声|船声|鸟叫]。
秘诀在于让纸休息一[夜|小时|周],然后再印第二种颜色。
后来协会又买了一[盏灯|台印刷机|张长凳],现在放在[走廊|阁楼|客厅]里。
没有人知道墙为什么被漆成[蓝色|黄色|绿色],但是大家都已经习惯了。
从车站沿着运河走大约[十|二十|三十]分钟就到了,刮风的时候要久一点。
最后剩下一箱[草稿|边角料|素描],到今天也没有人舍得扔掉。
""",
}

TITLES = {
    "de": "Notizen aus der [Werkstatt|Küche|Druckerei]",
    "fr": "Carnet de l'[atelier|automne|hiver]",
    "es": "Apuntes del [taller|invierno|puerto]",
    "zh": "[作坊|厨房|画室]笔记",
}

SITES = {
    "de": ("werkstatt-licht.example", "Werkstatt Licht"),
    "fr": ("atelier-clair.example", "Atelier Clair"),
    "es": ("taller-papel.example", "Taller de Papel"),
    "zh": ("zhi-bi.example", "纸笔"),
}

SHAPES = {
    "de": ("Kreis", "Quadrat", "Dreieck", "Stern", "Herz", "Kreuz", "Raute", "Ring"),
    "fr": ("cercle", "carré", "triangle", "étoile", "cœur", "croix", "losange", "anneau"),
    "es": ("círculo", "cuadrado", "triángulo", "estrella", "corazón", "cruz", "rombo", "anillo"),
    "zh": ("圆形", "正方形", "三角形", "星形", "心形", "十字", "菱形", "圆环"),
}
COLOURS = {
    "de": ("Rot", "Orange", "Gelb", "Grün", "Blau", "Violett", "Rosa", "Schwarz"),
    "fr": ("rouge", "orange", "jaune", "vert", "bleu", "violet", "rose", "noir"),
    "es": ("rojo", "naranja", "amarillo", "verde", "azul", "violeta", "rosa", "negro"),
    "zh": ("红色", "橙色", "黄色", "绿色", "蓝色", "紫色", "粉色", "黑色"),
}
ALTS = {
    "de": "Bild mit {shape} in {colour}",
    "fr": "dessin d'un {shape} en {colour}",
    "es": "dibujo de {shape} en {colour}",
    "zh": "{colour}的{shape}",
}
