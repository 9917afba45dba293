// Asks the miner for a change, with the token, which only this tab keeps.

const KEY = 'gemmine-token';
const find = (id) => document.getElementById(id);

/** The token, from this tab or from whoever sits before it; null if they would rather not. */
function token(what, why) {
  const kept = sessionStorage.getItem(KEY);
  if (kept !== null) return Promise.resolve(kept);
  const dialog = find('ask');
  const form = find('ask-form');
  find('ask-what').textContent = why === '' ? what : `${why} ${what}`;
  find('token').value = '';
  return new Promise((resolve) => {
    const end = (value) => {
      form.onsubmit = null;
      dialog.onclose = null;
      dialog.close();
      resolve(value);
    };
    form.onsubmit = (event) => {
      event.preventDefault();
      const given = find('token').value.trim();
      sessionStorage.setItem(KEY, given);
      end(given);
    };
    find('ask-cancel').onclick = () => end(null);
    // The escape key closes it too.
    dialog.onclose = () => end(null);
    dialog.showModal();
  });
}

/** Sends a control; `announce` says what came of it. */
export async function send(control, title, announce) {
  const what = `${title}: ${control.device ?? control.source}.`;
  let why = '';
  for (;;) {
    const shown = await token(what, why);
    if (shown === null) return;
    let response;
    let answer;
    try {
      response = await fetch('/api/v1/control', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${shown}` },
        body: JSON.stringify(control),
      });
      answer = await response.json();
    } catch {
      announce(`${what} The miner does not answer; try again when it does.`, true);
      return;
    }
    if (response.status !== 401) {
      announce(response.ok ? `${what} Asked for.` : `${what} Refused: ${answer.message}`, !response.ok);
      return;
    }
    sessionStorage.removeItem(KEY);
    why = 'That token is not the miner\u2019s.';
  }
}
