"""The standard library modules that the whole measure takes."""

STANDARD_LIBRARY = """
abc argparse array ast asyncio base64 bz2 calendar cmd code codecs collections collections.abc
concurrent.futures configparser contextlib csv ctypes datetime decimal difflib dis email.message enum
fileinput fractions ftplib functools gzip hashlib html.parser http http.client http.cookies imaplib
inspect io ipaddress itertools json logging lzma mailbox multiprocessing.pool numbers optparse os
pathlib pickle platform plistlib pprint queue random re sched selectors shelve shlex smtplib socket
sqlite3 ssl string struct subprocess tarfile tempfile textwrap threading time traceback types typing
unittest urllib.parse urllib.request uuid warnings weakref xml.dom.minidom xml.etree.ElementTree
zipfile zoneinfo
"""
