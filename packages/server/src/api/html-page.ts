/** Safe in text and in quoted attributes. */
export function escapeHtml(text: string): string {
	return text
		.replaceAll("&", "&amp;")
		.replaceAll("<", "&lt;")
		.replaceAll(">", "&gt;")
		.replaceAll('"', "&quot;")
		.replaceAll("'", "&#39;");
}

/** A small page of the server's own that needs no script: sign-in, API list, "the console is not built". `body` is trusted HTML. */
export function htmlPage(options: { readonly title: string; readonly body: string; readonly nonce: string }): string {
	return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeHtml(options.title)}</title>
<style nonce="${escapeHtml(options.nonce)}">${CSS}</style>
</head>
<body><main>
${options.body}
</main></body>
</html>
`;
}

const CSS = `
:root{color-scheme:light dark;--page:#fff;--text:#242424;--soft:#5c5c5c;--line:#d1d1d1;--action:#0f6cbd;--on:#fff;--focus:#0f6cbd}
@media (prefers-color-scheme:dark){:root{--page:#1b1a19;--text:#f3f2f1;--soft:#b8b5b2;--line:#4a4846;--action:#115ea3;--focus:#479ef5}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:16px/24px "Segoe UI",system-ui,-apple-system,Roboto,"Noto Sans",sans-serif}
main{max-width:52rem;margin:0 auto;padding:24px 16px 48px;overflow-wrap:anywhere}
h1{font-size:28px;line-height:36px;margin:0 0 16px}
h2{font-size:18px;line-height:26px;margin:32px 0 4px}
p{margin:0 0 12px}
.card{max-width:30rem;margin:12vh auto 0;padding:24px;border:1px solid var(--line);border-radius:8px}
.card button{width:100%}
.card input+p{margin-top:8px}
.brand{font-weight:700;margin-bottom:8px}
.soft{color:var(--soft)}
.problem{border:2px solid var(--text);border-radius:4px;padding:12px;font-weight:600}
input{font:inherit;width:100%;max-width:32rem;min-height:48px;padding:8px 12px;border:1px solid var(--soft);border-radius:4px;background:var(--page);color:var(--text)}
label{display:block;font-weight:600;margin:0 0 4px}
button{font:inherit;font-size:18px;font-weight:600;min-height:48px;margin-top:12px;padding:8px 24px;border-radius:4px;border:1px solid var(--action);background:var(--action);color:var(--on);cursor:pointer}
a{color:inherit}
a:focus-visible,button:focus-visible,input:focus-visible,summary:focus-visible{outline:3px solid var(--focus);outline-offset:2px}
table{border-collapse:collapse;width:100%;margin:8px 0;font-size:14px;line-height:20px}
th,td{text-align:left;vertical-align:top;border-top:1px solid var(--line);padding:4px 8px 4px 0}
code,pre{font:14px/20px ui-monospace,SFMono-Regular,Consolas,monospace}
pre{overflow-x:auto;border:1px solid var(--line);border-radius:4px;padding:12px}
summary{cursor:pointer}
`;
