// Small charts of the last 15 minutes: steps, for each point is a piece of time; a gap is a piece without anything to
// measure. The drawing is one unit wide for each piece and 100 high.

const SVG = 'http://www.w3.org/2000/svg';

function svgElement(name, attributes) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
}

// The least of 1, 2, 3, 4, 6, 8, 10, 20, … that is not below the value.
function niceCeiling(value) {
    const power = 10 ** Math.floor(Math.log10(value));
    return [1, 2, 3, 4, 6, 8, 10].map(factor => factor * power).find(ceiling => ceiling >= value * 0.999);
}

function stepPath(values, yOf) {
    let path = '';
    values.forEach((value, x) => {
        if (value === null) return;
        const joins = x > 0 && values[x - 1] !== null;
        path += `${joins ? 'V' : `M${x} `}${yOf(value)}H${x + 1}`;
    });
    return path;
}

// `lines` are [{name, values, className}], the first one with an area below it if `area`.
class Chart {
    constructor(title, format, area) {
        this.title = title;
        this.format = format;
        this.area = area;
        this.value = element('span', 'value');
        this.svg = svgElement('svg', {preserveAspectRatio: 'none', role: 'img'});
        this.top = element('span', 'axis');
        this.middle = element('span', 'axis');
        this.bottom = element('span', 'axis');
        this.top.style.top = '0';
        this.middle.style.top = '50%';
        this.bottom.style.top = '100%';
        this.nothing = element('span', 'nothing', 'nothing in the last 15 minutes');
        this.plot = element('div', 'plot', this.svg, this.top, this.middle, this.bottom, this.nothing);
        this.cursor = svgElement('path', {class: 'cursor'});
        this.node = element('figure', 'chart', element('figcaption', '', element('h3', '', title), this.value), this.plot,
                            element('div', 'times', element('span', '', '15 min ago'), element('span', '', 'now')));
        this.pointed = null;
        this.plot.addEventListener('pointermove', event => this.point(event));
        this.plot.addEventListener('pointerleave', () => { this.pointed = null; this.draw(); });
    }

    point(event) {
        const box = this.plot.getBoundingClientRect();
        const at = Math.floor((event.clientX - box.left) / box.width * this.pieces);
        this.pointed = Math.min(this.pieces - 1, Math.max(0, at));
        this.draw();
    }

    // `now` are the texts of the lines as long as nobody points.
    update(lines, now, stepSeconds) {
        Object.assign(this, {lines, now, stepSeconds, pieces: lines[0].values.length});
        this.draw();
    }

    draw() {
        const most = Math.max(0, ...this.lines.flatMap(line => line.values.filter(value => value !== null)));
        const ceiling = most > 0 ? niceCeiling(most) : 1;
        const yOf = value => +(100 - value / ceiling * 100).toFixed(2);
        this.svg.setAttribute('viewBox', `0 0 ${this.pieces} 100`);
        const heights = most > 0 ? [0, 50, 100] : [100];
        const shapes = [svgElement('path', {class: 'grid', d: heights.map(y => `M0 ${y}H${this.pieces}`).join('')})];
        if (most > 0 && this.area)
            shapes.push(svgElement('path', {class: 'area', d: `M0 100${this.lines[0].values.map((value, x) =>
                `V${yOf(value ?? 0)}H${x + 1}`).join('')}V100Z`}));
        if (most > 0)
            for (const line of this.lines) shapes.push(svgElement('path', {class: line.className, d: stepPath(line.values, yOf)}));
        if (this.pointed !== null) {
            this.cursor.setAttribute('d', `M${this.pointed + 0.5} 0V100`);
            shapes.push(this.cursor);
        }
        this.svg.replaceChildren(...shapes);
        this.nothing.hidden = most > 0;
        setText(this.top, most > 0 ? this.format(ceiling) : '');
        setText(this.middle, most > 0 ? this.format(ceiling / 2) : '');
        setText(this.bottom, most > 0 ? '0' : '');
        this.tell();
    }

    // The figures of now, or of the piece that is pointed at.
    tell() {
        const at = this.pointed;
        const parts = this.lines.map((line, index) => {
            const value = at === null ? this.now[index] : line.values[at] === null ? '–' : this.format(line.values[at]);
            return element('span', this.lines.length > 1 ? line.className : '', `${line.name} ${value}`.trim());
        });
        const ago = at === null ? '' : `${formatAge((this.pieces - at - 0.5) * this.stepSeconds)} ago: `;
        const text = ago + parts.map(part => part.textContent).join(' ');
        if (this.value.textContent !== text) this.value.replaceChildren(ago, ...parts);
        this.svg.setAttribute('aria-label', `${this.title}, last 15 minutes; ${text}`);
    }
}
