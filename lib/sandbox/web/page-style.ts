/** Style of every page; system fonts, light and dark, nothing fetched. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: light-dark(#f3f4f7, #14161b);
  --card: light-dark(#ffffff, #1d2027);
  --line: light-dark(#d9dce3, #363b46);
  --text: light-dark(#1b1e25, #eceef2);
  --soft: light-dark(#5a6070, #a5acba);
  --accent: light-dark(#3447c4, #95a3ff);
  --on-accent: light-dark(#ffffff, #14161b);
  --tint: light-dark(#eef0fd, #272c44);
  --good-tint: light-dark(#e3f3ee, #1c3a31);
  --bad: light-dark(#a61b2b, #ff9aa4);
  --bad-tint: light-dark(#fdecee, #3b2126);
}
* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; min-height: 100dvh; padding: 1.25rem;
  display: flex; flex-direction: column; align-items: center; justify-content: center; gap: 1rem;
  background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
}
main {
  width: 100%; max-width: 26rem; padding: 1.75rem;
  background: var(--card); border: 1px solid var(--line); border-radius: 1rem;
  box-shadow: 0 1px 2px rgb(0 0 0 / 6%), 0 12px 32px rgb(0 0 0 / 8%);
}
main > :last-child { margin-bottom: 0; }
h1 { margin: 0 0 .25rem; font-size: 1.4rem; line-height: 1.25; letter-spacing: -.01em; }
p { margin: 0 0 1.25rem; color: var(--soft); }
p strong { color: var(--text); }
footer { color: var(--soft); font-size: .8125rem; text-align: center; }
fieldset { margin: 0 0 1.25rem; padding: 0; border: 0; display: grid; gap: .5rem; }
legend, .label { padding: 0; margin-bottom: .375rem; font-size: .875rem; font-weight: 600; display: block; }
.user {
  display: flex; align-items: center; gap: .75rem; padding: .625rem .75rem;
  border: 1px solid var(--line); border-radius: .75rem; cursor: pointer;
}
.user:hover { border-color: var(--accent); }
.user:has(:checked) { border-color: var(--accent); background: var(--tint); }
.user:has(:focus-visible) { outline: 3px solid var(--accent); outline-offset: 2px; }
.user input { flex: none; width: 1.125rem; height: 1.125rem; margin: 0; accent-color: var(--accent); outline: none; }
.user span { display: grid; min-width: 0; line-height: 1.35; }
.user small { color: var(--soft); }
input[type=password], input[type=text] {
  width: 100%; min-height: 2.75rem; padding: .5rem .75rem; font: inherit;
  color: inherit; background: transparent; border: 1px solid var(--line); border-radius: .75rem;
}
.hint { margin: .375rem 0 1.25rem; font-size: .875rem; }
code { padding: .1em .35em; border-radius: .3em; background: var(--tint); color: var(--text); font-size: .95em; }
ul { margin: 0 0 1.25rem; padding: 0; list-style: none; border: 1px solid var(--line); border-radius: .75rem; }
li { padding: .625rem .875rem; }
li + li { border-top: 1px solid var(--line); }
li small { display: block; color: var(--soft); }
.actions { display: grid; gap: .625rem; }
button {
  width: 100%; min-height: 2.75rem; padding: .5rem 1rem; font: inherit; font-weight: 600; cursor: pointer;
  overflow-wrap: normal;
  color: var(--text); background: transparent; border: 1px solid var(--line); border-radius: .75rem;
}
button:hover { border-color: var(--accent); }
button.main { color: var(--on-accent); background: var(--accent); border-color: var(--accent); }
button.main:hover { filter: brightness(1.08); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.pair { grid-template-columns: repeat(auto-fit, minmax(7.5rem, 1fr)); }
.request { padding: 1rem; margin: 0 0 .75rem; border: 1px solid var(--line); border-radius: .75rem; }
.request p { margin: 0 0 .75rem; }
.request ul { margin-bottom: 1rem; border: 0; }
.request li { padding: 0; }
.request li + li { margin-top: .5rem; padding-top: .5rem; }
.note { margin: 0; font-size: .875rem; text-align: center; }
.field { margin: 0 0 1.25rem; }
a { color: var(--accent); border-radius: .3em; }
.good { margin: .75rem 0 1.25rem; padding: .625rem .875rem; border-radius: .75rem; color: var(--text); background: var(--good-tint); }
.bad { margin: .75rem 0 1.25rem; padding: .625rem .875rem; border-radius: .75rem; color: var(--bad); background: var(--bad-tint); }
`;

/** Submits the only form of a page that leaves nothing to decide. */
export const SUBMIT = 'document.forms[0].submit()';
