// Follows GET /v1/pool/events with fetch(), which can send an API key, and shows each report. When the stream ends, for
// whatever reason, it says so and tries again.

const SILENCE_MS = 20000;  // corral sends something every 5 seconds
const EVENT_CHARACTERS_MAX = 4 * 1024 * 1024;
const KEY = 'corral-api-key';
const byId = id => document.getElementById(id);

const memoryPanel = new MemoryPanel(byId('memory'));
let report = null;
let receivedAt = 0;  // of the report, as performance.now() tells it
let live = false;

function show() {
    if (!report) return;
    const later = (performance.now() - receivedAt) / 1000;
    byId('main').hidden = false;
    keyed(byId('pools'), report.pools.map(pool => ({pool, later})), item => item.pool.name, () => new PoolSection());
    memoryPanel.update(report);
    const workers = report.pools.flatMap(pool => pool.workers);
    const words = new Map();
    for (const worker of workers) words.set(stateOf(worker)[0], (words.get(stateOf(worker)[0]) ?? 0) + 1);
    const waiting = report.pools.reduce((sum, pool) => sum + pool.queue.length, 0);
    const states = [...words].map(([word, count]) => `${count} ${word}`).join(', ');
    setText(byId('summary'), `${counted(workers.length, 'worker')}: ${states}` + (waiting > 0 ? `; ${waiting} waiting` : ''));
    const able = workers.filter(worker => ['ready', 'busy', 'checking', 'recovering'].includes(worker.state)).length;
    document.title = `${able}/${workers.length} corral`;
}

function setConnection(state, text) {
    live = state === 'live';
    byId('connection').dataset.state = state;
    setText(byId('connection'), text);
    byId('main').classList.toggle('stale', state === 'lost');
}

function setTrouble(text) {
    byId('trouble').hidden = !text;
    setText(byId('trouble'), text);
}

function receive(data) {
    report = JSON.parse(data);
    receivedAt = performance.now();
    setConnection('live', 'live');
    setTrouble('');
    show();
}

// Returns why there is no stream (any more).
async function follow() {
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), SILENCE_MS);
    try {
        const key = sessionStorage.getItem(KEY);
        const response = await fetch('v1/pool/events', {
            headers: key ? {Authorization: 'Bearer ' + key} : {}, cache: 'no-store', signal: silence.signal});
        if (response.status === 401) return {needsKey: true, refused: key !== null};
        if (!response.ok) {
            const body = await response.json().catch(() => null);
            return {text: body?.error?.message ?? `HTTP ${response.status}`};
        }
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
        for (let buffer = '';;) {
            const {value, done} = await reader.read();
            if (done) return {text: 'corral has ended the connection'};
            clearTimeout(timer);
            timer = setTimeout(() => silence.abort(), SILENCE_MS);
            const events = (buffer + value).split('\n\n');
            buffer = events.pop();
            if (buffer.length > EVENT_CHARACTERS_MAX) return {text: 'what came is no report'};
            for (const event of events) if (event.startsWith('data: ')) receive(event.slice(6));
        }
    } catch (error) {
        return {text: error.name === 'AbortError' ? 'nothing was heard for 20 s' : 'corral does not answer'};
    } finally {
        clearTimeout(timer);
        silence.abort();
    }
}

// Resolves when a key was given.
function askForKey(refused) {
    setConnection('lost', 'no key');
    setTrouble(refused ? 'This key is not accepted.' : '');
    const form = byId('key-form');
    form.hidden = false;
    byId('key').focus();
    return new Promise(resolve => {
        form.onsubmit = event => {
            event.preventDefault();
            sessionStorage.setItem(KEY, byId('key').value);
            byId('key').value = '';
            form.hidden = true;
            setConnection('', 'connecting …');
            resolve();
        };
    });
}

// The seconds go by on the page.
async function wait(seconds, why) {
    for (let left = seconds; left > 0; --left) {
        const age = report ? ` What is shown is ${formatAge((performance.now() - receivedAt) / 1000)} old.` : '';
        setTrouble(`Connection lost, trying again in ${left} s: ${why}.${age}`);
        await new Promise(resolve => setTimeout(resolve, 1000));
    }
}

async function main() {
    for (let pause = 1;;) {
        const end = await follow();
        if (live) pause = 1;
        if (end.needsKey) {
            await askForKey(end.refused);
            continue;
        }
        setConnection('lost', 'connection lost');
        await wait(pause, end.text);
        pause = Math.min(5, pause + 1);
    }
}

// Ages grow between two reports.
setInterval(() => { if (live) show(); }, 1000);
main();
