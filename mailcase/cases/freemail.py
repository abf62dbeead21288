"""Domains whose addresses belong to anybody: they never own an account (B11) and have no limit of their own (B13)."""

from typing import Final

_DOMAINS: Final = """
    gmail.com googlemail.com outlook.com outlook.de hotmail.com hotmail.co.uk hotmail.de hotmail.fr hotmail.it
    live.com live.de live.nl msn.com yahoo.com yahoo.co.uk yahoo.de yahoo.fr yahoo.it yahoo.es yahoo.co.jp yahoo.co.in
    ymail.com rocketmail.com icloud.com me.com mac.com aol.com aol.de aim.com gmx.de gmx.net gmx.at gmx.ch gmx.com
    web.de t-online.de freenet.de arcor.de mail.de posteo.de posteo.net mailbox.org proton.me protonmail.com
    protonmail.ch pm.me tutanota.com tutanota.de tuta.io tuta.com zoho.com fastmail.com fastmail.fm hey.com
    mail.com email.com mail.ru bk.ru inbox.ru list.ru yandex.ru yandex.com ya.ru rambler.ru ukr.net
    orange.fr wanadoo.fr free.fr laposte.net sfr.fr libero.it virgilio.it tiscali.it alice.it
    bluewin.ch sunrise.ch hispeed.ch aon.at chello.at seznam.cz wp.pl o2.pl onet.pl interia.pl
    comcast.net verizon.net att.net sbcglobal.net btinternet.com sky.com virginmedia.com
    qq.com 163.com 126.com sina.com naver.com daum.net hanmail.net rediffmail.com uol.com.br bol.com.br terra.com.br
"""

#: As lower-case A-labels; `[cases] freemail` adds to it.
FREEMAIL: Final = frozenset(_DOMAINS.split())
