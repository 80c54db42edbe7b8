// The parts of the page: each is made once and then updated from the report.

// As an operator thinks of a worker: the word, and how it looks.
const STATES = {
    starting: ['loading', 'loading'],
    ready: ['ready', 'ready'],
    busy: ['in use', 'busy'],
    recovering: ['stopping an answer', 'busy'],
    checking: ['health check', 'ready'],
    retiring: ['being replaced', 'loading'],
    backoff: ['backing off', 'down'],
    stopping: ['stopping', 'calm'],
    stopped: ['stopped', 'calm'],
};

const stateOf = worker => STATES[worker.state] ?? [worker.state, 'calm'];
// "default/3" is worker 3 of its pool.
const shortName = id => 'worker ' + id.slice(id.lastIndexOf('/') + 1);

class WorkerRow {
    constructor() {
        this.state = element('span', 'state');
        this.name = element('span', 'name');
        this.since = element('span', 'since');
        this.bar = element('progress', '');
        this.doing = element('span', '');
        this.memory = element('span', 'memory');
        this.facts = element('span', 'facts');
        this.node = element('li', 'worker', this.state, this.name, this.since, element('span', 'doing', this.bar, this.doing),
                            element('span', 'meta', this.memory, this.facts));
    }

    update({worker, later}) {
        const [word, look] = stateOf(worker);
        this.node.dataset.worker = worker.id;
        this.node.dataset.state = worker.state;
        setClass(this.state, 'state ' + look);
        setText(this.state, word);
        setText(this.name, shortName(worker.id));
        this.name.title = worker.id;
        setText(this.since, 'for ' + formatAge(worker.state_seconds + later));
        this.bar.hidden = !worker.loading;
        if (worker.loading) {
            this.bar.max = worker.loading.of_bytes;
            this.bar.value = worker.loading.bytes;
        }
        setText(this.doing, this.activity(worker, later));
        this.doing.parentNode.hidden = this.doing.textContent === '';
        setText(this.memory, worker.private_bytes === null ? '' : formatBytes(worker.private_bytes) + ' private');
        const facts = [counted(worker.requests, 'request'), counted(worker.restarts, 'restart')];
        if (worker.pid !== null) facts.push(`up ${formatAge(worker.uptime_seconds + later)}`, `pid ${worker.pid}`);
        setText(this.facts, facts.join(' · '));
    }

    activity(worker, later) {
        const {request, loading} = worker;
        if (request) {
            const age = `for ${formatAge(request.age_seconds + later)}`;
            if (request.tokens === 0)
                return `reading ${request.prompt_tokens === null ? 'a prompt' : `a prompt of ${counted(request.prompt_tokens, 'token')}`} ${age}`;
            const rate = request.tokens_per_second > 0 ? ` · ${formatRate(request.tokens_per_second)}/s` : '';
            return `answering ${age} · ${counted(request.tokens, 'token')}${rate}`;
        }
        if (loading) return `${Math.floor(loading.bytes * 100 / loading.of_bytes)} % of ${formatBytes(loading.of_bytes)}`;
        return worker.state === 'backoff' ? worker.last_exit ?? '' : '';
    }
}

class DeathRow {
    constructor() {
        this.cells = ['ago', 'who', 'cause', 'why'].map(name => element('span', name));
        this.node = element('li', 'death', ...this.cells);
    }

    update({death, later}) {
        const texts = [formatAge(death.seconds_ago + later) + ' ago', shortName(death.worker), death.cause.replaceAll('_', ' '), death.text];
        texts.forEach((text, index) => setText(this.cells[index], text));
    }
}

// The newest few, the others behind a click.
class Deaths {
    constructor() {
        this.first = element('ol', '');
        this.more = element('ol', '');
        this.summary = element('summary', '');
        this.details = element('details', '', this.summary, this.more);
        this.none = element('p', 'none', 'none since corral started');
        this.node = element('div', 'deaths', element('h3', '', 'Last deaths'), this.none, this.first, this.details);
    }

    update(deaths, later) {
        const shown = 3;
        const rows = deaths.map((death, place) => ({death, later, place}));
        keyed(this.first, rows.slice(0, shown), row => row.place, () => new DeathRow());
        keyed(this.more, rows.slice(shown), row => row.place, () => new DeathRow());
        this.none.hidden = rows.length > 0;
        this.details.hidden = rows.length <= shown;
        setText(this.summary, `${rows.length - shown} before that`);
    }
}

// Terms with what is to be said of them: [term, text, class].
function setTerms(list, entries) {
    const make = () => {
        const [term, value] = [element('dt', ''), element('dd', '')];
        return {node: element('div', '', term, value), update([name, text, look]) {
            setText(term, name);
            setText(value, text);
            setClass(value, look ?? '');
        }};
    };
    keyed(list, entries, entry => entry[0], make);
}

class PoolSection {
    constructor() {
        this.title = element('h2', '');
        this.model = element('span', 'model');
        this.queue = element('span', 'queue');
        this.failing = element('p', 'failing');
        this.workers = element('ul', 'workers');
        this.figures = element('dl', 'figures');
        this.rate = new Chart('Tokens per second', formatRate, true);
        this.firstToken = new Chart('First token after', formatLatency, false);
        this.duration = new Chart('Answered after', formatLatency, false);
        this.deaths = new Deaths();
        this.node = element('section', 'pool', element('div', 'pool-head', this.title, this.model, this.queue), this.failing,
                            this.workers, this.figures,
                            element('div', 'charts', this.rate.node, this.firstToken.node, this.duration.node), this.deaths.node);
    }

    update({pool, later}) {
        this.node.dataset.pool = pool.name;
        setText(this.title, pool.name);
        setText(this.model, pool.model);
        const {length, limit, oldest_seconds: oldest} = pool.queue;
        setText(this.queue, `${length} of ${limit} waiting` + (length > 0 ? `, the first for ${formatAge(oldest + later)}` : ''));
        setClass(this.queue, length > 0 ? 'queue waiting' : 'queue none');
        this.failing.hidden = !pool.failing;
        setText(this.failing, pool.failing ?? '');
        keyed(this.workers, pool.workers.map(worker => ({worker, later})), item => item.worker.id, () => new WorkerRow());
        this.updateFigures(pool);
        this.updateCharts(pool);
        this.deaths.update(pool.deaths, later);
    }

    updateFigures({recent, memory, resumed, retried, quarantined}) {
        const numbers = pairs => pairs.map(([number, word]) => `${number.toLocaleString('en')} ${word}`).join(', ');
        setTerms(this.figures, [
            ['Last 15 minutes', numbers([[recent.answered, 'answered'], [recent.failed, 'failed']]), recent.failed > 0 ? 'bad' : ''],
            ['Since the start', numbers([[resumed, 'resumed'], [retried, 'retried'], [quarantined, 'quarantined']])],
            ['Memory', `${formatBytes(memory.private_bytes)} private, ${formatBytes(memory.weights_shared_bytes)} of weights shared`],
        ]);
    }

    updateCharts({history, recent}) {
        const step = history.step_seconds;
        const latency = (chart, name) => {
            const none = history[name + '_p50'].every(value => value === null);
            const now = none ? ['–', '–'] : ['p50', 'p95'].map(q => formatLatency(recent[name + '_seconds'][q]));
            chart.update(['p50', 'p95'].map(q => ({name: q, values: history[`${name}_${q}`], className: q})), now, step);
        };
        this.rate.update([{name: '', values: history.tokens_per_second, className: 'p50'}],
                         [formatRate(recent.tokens_per_second_last_minute) + ' in the last minute'], step);
        latency(this.duration, 'duration');
        latency(this.firstToken, 'first_token');
    }
}

class MemoryPanel {
    constructor(node) {
        this.total = element('span', '');
        this.title = element('h2', '', 'Memory', this.total);
        this.title.id = 'memory-title';
        this.bar = element('div', 'bar');
        this.bar.setAttribute('aria-hidden', 'true');
        this.legend = element('dl', 'legend');
        node.append(this.title, this.bar, this.legend);
    }

    update({pools, memory}) {
        setText(this.total, `${formatBytes(memory.total_bytes)} in all`);
        const segments = [['shared', memory.weights_shared_bytes]];
        for (const pool of pools)
            for (const worker of pool.workers)
                if (worker.private_bytes !== null) segments.push(['private', worker.private_bytes]);
        segments.push(['other', memory.other_bytes]);
        const all = Math.max(memory.total_bytes, segments.reduce((sum, [, bytes]) => sum + bytes, 0));
        const width = bytes => (bytes / all * 100).toFixed(3) + '%';
        const segment = ([look, bytes]) => {
            const made = element('span', look);
            made.style.width = width(bytes);
            return made;
        };
        this.bar.replaceChildren(...segments.filter(([, bytes]) => bytes > 0).map(segment), segment(['headroom', memory.headroom_bytes]));
        const low = memory.free_bytes < memory.headroom_bytes;
        this.updateLegend([
            ['shared', 'weights, shared', memory.weights_shared_bytes],
            ['private', 'workers’ own', memory.private_bytes],
            ['other', 'other programs', memory.other_bytes],
            ['free', low ? 'free, less than the headroom' : 'free', memory.free_bytes, low],
            ['headroom', 'headroom', memory.headroom_bytes],
        ]);
    }

    updateLegend(entries) {
        const make = ([look]) => {
            const [name, value] = [element('dt', ''), element('dd', '')];
            const node = element('div', '', element('span', 'swatch ' + look), name, value);
            return {node, update([, text, bytes, low]) {
                setText(name, text);
                setText(value, formatBytes(bytes));
                setClass(node, low ? 'low' : '');
            }};
        };
        keyed(this.legend, entries, entry => entry[0], make);
    }
}
