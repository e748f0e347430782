/* What the explorer's page computes, for one system with a Gaussian interaction: Eq. (7) and what a temperature makes of
 * it, Eq. (10), its resonances and drift velocities, the static lattice, and a run of the infinite chain.
 *
 * Compiled to WebAssembly (chaintheory/explorer/build.py), from the same generated headers, crossings.c and fine_block.c
 * as the Python package. The page passes numbers through memory that it asks for with explorer_space.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "chain.h"
#include "crossings.h"
#include "dissipation.h"
#include "fine_block.h"
#include "run_settings.h" /* written by build.py from the settings of the Python package */

#define EXPORT(name) __attribute__((export_name(#name)))
#define TWO_PI 6.283185307179586476925286766559
#define LEAST 1.1102230246251565e-16 /* of a denominator of Eq. (10): half a unit in the last place of 1 */
#define TABULATED 256                /* periods whose tangents are kept in a table */
#define AT_ONCE 2048                 /* roots of the resonance condition that are refined together */
#define MOST_ROOTS 1e5               /* of one line */
#define MOST_RESONANCES 1e4
#define TOO_MANY (-1)

/* The system ------------------------------------------------------------------------------------------------- */

static struct {
    double omega_fast, spacing, amplitude, width, mass, bias, temperature;
    double band_width, slowest, decay;
    ct_band band;
    ct_tangents table[TABULATED];
} sys;

static double transform(double omega, double v)
{
    return sys.amplitude * sys.width * ct_gaussian_transform(TWO_PI * omega * sys.width / v);
}

/* Speed below which no term of Eq. (10) is a double: exp(-745) is the smallest, and the prefactor at most this. */
static double slowest_speed(void)
{
    const double wave = TWO_PI * sys.width;
    double threshold = 745.0, speed = 1.0;
    for (int round = 0; round < 4; round++) {
        speed = wave / sqrt(threshold);
        const double size = sys.amplitude * sys.width * ct_gaussian_transform(0.0);
        const double prefactor = log(fmax(ct_loss_per_mode(sys.omega_fast, speed, size), 1e-300) / (2.0 * LEAST));
        threshold = 745.0 + fmax(prefactor, 0.0);
    }
    return 0.9 * speed;
}

EXPORT(explorer_space)
double *explorer_space(long count)
{
    static double *space;
    static long length;
    if (count > length) {
        free(space);
        space = malloc((size_t)count * sizeof *space);
        length = space ? count : 0;
    }
    return space;
}

EXPORT(explorer_system)
void explorer_system(double omega_fast, double spacing, double amplitude, double width, double mass, double bias,
                     double temperature)
{
    if (omega_fast != sys.omega_fast) {
        sys.omega_fast = omega_fast;
        sys.band_width = ct_band_width(omega_fast);
        ct_band_tabulate(&sys.band, omega_fast, TABULATED, sys.table);
    }
    sys.spacing = spacing;
    sys.amplitude = amplitude;
    sys.width = width;
    sys.mass = mass;
    sys.bias = fabs(bias);
    sys.temperature = temperature;
    const double wave = TWO_PI * width / spacing;
    sys.decay = wave * wave; /* a phonon at x is fed in proportion to exp(-decay x^2) */
    sys.slowest = slowest_speed();
}

/* Eq. (7): the loss to phonons at the bottom of the band times the band's mean of what remains. */
static double single_pass(double v)
{
    return v > 0.0 ? ct_loss_per_mode(1.0, v, transform(1.0, v)) * band_mean_gaussian(v, sys.omega_fast, sys.width) : 0.0;
}

EXPORT(explorer_single_pass)
void explorer_single_pass(long count, const double *speed, double *loss)
{
    for (long i = 0; i < count; i++) loss[i] = single_pass(fabs(speed[i]));
}

/* A temperature ---------------------------------------------------------------------------------------------- */

#define FEWEST_POINTS 64
#define CLOSE_SUMS 1e-9 /* two results of the trapezoidal rule; the error of the second is about their difference squared */

typedef struct {
    double variance, slope, size; /* of the loss in one pass; v dVar/dv; sum of the magnitudes of its terms */
} scatter;

/* Add a mode with its weight in the mean over the band. */
static void add_mode(scatter *sum, double v, double sine_squared, double weight)
{
    const double omega = sqrt(ct_frequency_squared(sys.band_width, sine_squared));
    const double taken = ct_loss_per_mode(omega, v, transform(omega, v));
    const double variance = weight * ct_loss_variance(taken, ct_quantum_energy(omega, omega / sys.temperature));
    if (!(variance > 0.0)) return; /* below the smallest double */
    const double slope = variance * ct_gaussian_loss_growth(TWO_PI * omega * sys.width / v);
    sum->variance += variance;
    sum->slope += slope;
    sum->size += fabs(slope);
}

/* Mean over the band with quantum energies of the modes, by the trapezoidal rule over the angle phi of sin(theta)^2 =
 * part sin(phi)^2: where part < 1, the modes above take less than exp(-NEGLIGIBLE_EXPONENT) of the lowest one's energy.
 * Its points are doubled until two results agree, as single_pass.py does; nan where MOST_POINTS are not enough. */
static scatter scatter_of_losses(double v)
{
    const double wave = TWO_PI * sys.width / v;
    const double part = fmin(NEGLIGIBLE_EXPONENT / (wave * wave) / sys.band_width, 1.0);
    scatter sum = {0.0, 0.0, 0.0}, before = {NAN, NAN, NAN};
    for (long count = FEWEST_POINTS / 2; count <= MOST_POINTS; count *= 2) {
        const long first = count == FEWEST_POINTS / 2 ? 0 : 1, step = first ? 2 : 1;
        for (long j = first; j <= count; j += step) {
            const double sine = sin(0.25 * TWO_PI * j / count), square = part * sine * sine;
            const double jacobian = part < 1.0 ? sqrt(part * (1.0 - sine * sine) / (1.0 - square)) : 1.0;
            add_mode(&sum, v, square, j == 0 || j == count ? 0.5 * jacobian : jacobian);
        }
        const scatter now = {sum.variance / count, sum.slope / count, sum.size / count};
        if (fabs(now.variance - before.variance) <= CLOSE_SUMS * now.variance
            && fabs(now.slope - before.slope) <= CLOSE_SUMS * now.size)
            return now;
        before = now;
    }
    return (scatter){NAN, NAN, NAN};
}

/* Variance of the loss in one pass; at temperature 0 that of the zero point. */
EXPORT(explorer_loss_variance)
void explorer_loss_variance(long count, const double *speed, double *variance)
{
    for (long i = 0; i < count; i++) variance[i] = speed[i] != 0.0 ? scatter_of_losses(fabs(speed[i])).variance : 0.0;
}

/* Mean loss in one pass with the particle's recoil in the thermal force. */
EXPORT(explorer_mean_loss)
void explorer_mean_loss(long count, const double *speed, double *loss)
{
    for (long i = 0; i < count; i++) {
        const double v = fabs(speed[i]);
        const scatter of = v > 0.0 ? scatter_of_losses(v) : (scatter){0.0, 0.0, 0.0};
        loss[i] = ct_mean_loss(single_pass(v), of.size > 0.0 ? of.slope / v * ct_speed_per_energy(v, sys.mass) : of.size);
    }
}

/* Eq. (10) --------------------------------------------------------------------------------------------------- */

/* Roots of the resonance condition of many lines, refined together. */
static struct {
    size_t count, room;
    size_t *owner;
    double *slope, *period, *rising, *at, *high, *omega, *group;
} roots;

static int roots_make_room(size_t more)
{
    const size_t needed = roots.count + more;
    if (needed <= roots.room) return 1;
    roots.room = 2 * needed;
    double **columns[] = {&roots.slope, &roots.period, &roots.rising, &roots.at, &roots.high, &roots.omega, &roots.group};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        if (!(*columns[i] = realloc(*columns[i], roots.room * sizeof(double)))) return 0;
    return (roots.owner = realloc(roots.owner, roots.room * sizeof *roots.owner)) != NULL;
}

/* Add the brackets of the roots of one line, where a phonon at x is fed in proportion to exp(-decay x^2); 0 where there
 * are too many. */
static int roots_add(size_t owner, double slope, double decay)
{
    double first, last;
    ct_band_range(&sys.band, slope, decay, 2.0, &first, &last);
    const double count = fmax(2.0 * (last - first) + 3.0, 1.0);
    if (!(count <= MOST_ROOTS) || !roots_make_room((size_t)count)) return 0;
    const size_t k = roots.count;
    roots.count += ct_band_brackets(&sys.band, slope, first, last, roots.period + k, roots.rising + k, roots.at + k,
                                    roots.high + k);
    for (size_t i = k; i < roots.count; i++) {
        roots.owner[i] = owner;
        roots.slope[i] = slope;
    }
    return 1;
}

static void roots_refine(void)
{
    refine_crossings(roots.count, sys.omega_fast, roots.slope, roots.period, roots.rising, roots.at, roots.high,
                     roots.omega, roots.group);
}

/* The term of Eq. (10) of root i at the speed v. */
static double term(size_t i, double v)
{
    const double jacobian = fmax(fabs(roots.group[i] * (sys.spacing / v) - 1.0), LEAST);
    return ct_loss_per_mode(roots.omega[i], v, transform(roots.omega[i], v)) / jacobian;
}

/* The derivative of that term in the speed: its growth along the branch times the rate at which the root moves. */
static double term_slope(size_t i, double v)
{
    const double x = roots.period[i] + roots.at[i], angle = 0.5 * TWO_PI * roots.at[i];
    const double sine = sin(angle), product = sine * cos(angle);
    const double touch = ct_tangency(sys.band_width, x, sine * sine, product);
    const double touch_slope = ct_tangency_slope(sys.band_width, x, sine * sine, product);
    return term(i, v) * ct_gaussian_growth(x, touch, touch_slope, sys.width, sys.spacing)
           * ct_crossing_rate(x, roots.group[i], v, sys.spacing);
}

/* Mean dissipation at many speeds and, where asked for, its derivative; nan where a line has too many roots. */
static void mean_many(long count, const double *speed, double *loss, double *slope)
{
    for (long i = 0; i <= count; i++) {
        if (i == count || roots.count >= AT_ONCE) {
            roots_refine();
            for (size_t k = 0; k < roots.count; k++) {
                const size_t owner = roots.owner[k];
                const double v = fabs(speed[owner]);
                loss[owner] += term(k, v);
                if (slope) slope[owner] += term_slope(k, v);
            }
            roots.count = 0;
        }
        if (i == count) break;
        const double v = fabs(speed[i]);
        loss[i] = 0.0;
        if (slope) slope[i] = 0.0;
        if (v > sys.slowest && !roots_add((size_t)i, fmin(v / sys.spacing, 1e300), sys.decay)) loss[i] = NAN;
    }
}

EXPORT(explorer_mean_dissipation)
void explorer_mean_dissipation(long count, const double *speed, double *loss)
{
    mean_many(count, speed, loss, NULL);
}

/* The static lattice ----------------------------------------------------------------------------------------- */

/* Eq. (10) with the particle's motion through the rigid lattice in the force integral, for a Gaussian: the integral along
 * the real axis, 2 int Phi'(u) sin(2 pi omega t(u)) du/v(u), by the trapezoidal rule, which converges geometrically
 * once it resolves the phase and the change of speed. What rounding leaves of it is compared with its terms;
 * static_lattice.py moves the path of integration instead, and goes on where this ends. */
#define PER_WIDTH 192      /* nodes of the force integral in a width, of which every STRIDE-th is used at first */
#define STRIDE 8
#define WIDTHS 9           /* that it extends over */
#define NODES (PER_WIDTH * WIDTHS)
#define AROUND 4           /* nodes on each side in the rule for the time between two of them */
#define MARGIN (AROUND * STRIDE)
#define MOST_PANELS 32     /* from a mass to midway, for the transit time */
#define ORDER 8            /* of Gauss's rule in each */
#define PHASE 0.6          /* of a phonon between two nodes at most */
#define CHANGE 4.0         /* nodes are so many times as close as the length over which the speed changes */
#define ROUNDING 1e-15
#define NEGLIGIBLE 1e-10   /* of the loss: less than that, by a phonon lost in rounding, and higher ones are left out */
#define UNCERTAIN 1e-6     /* of the loss: where more of it is uncertain the result is nan */

/* Nodes and weights of Gauss's rule on -1 .. 1, the positive half. */
static const double GAUSS_NODES[ORDER / 2] = {0.1834346424956498, 0.5255324099163290, 0.7966664774136267, 0.9602898564975363};
static const double GAUSS_WEIGHTS[ORDER / 2] = {0.3626837833783620, 0.3137066458778873, 0.2223810344533745,
                                                0.1012285362903763};
/* Integral over the middle interval of the polynomial through eight equidistant values. */
static const double MIDDLE[AROUND] = {68323.0 / 120960.0, -9531.0 / 120960.0, 1879.0 / 120960.0, -191.0 / 120960.0};

static struct {
    double spacing, amplitude, width, mass; /* of the system that the rest was made for */
    double fall[NODES + 2 * MARGIN];        /* by how much v^2 is below that midway, at the nodes from -MARGIN on */
    double slope[NODES + 1];                /* dPhi/du */
    double panel_fall[MOST_PANELS * ORDER], panel_weight[MOST_PANELS * ORDER], end;
    double deepest, highest;                /* least and largest of the falls */
    long places;
} rigid;

static int by_size(const void *one, const void *other)
{
    const double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

/* By how much v^2 at u is below that midway between two masses. */
static double fall_at(double u)
{
    const double per_square = 1.0 / (sys.width * sys.width), half = 0.5 * sys.spacing;
    const long most = (long)ceil((REACH * sys.width + fabs(u)) / sys.spacing) + 1;
    double energy = 0.0;
    for (long n = -most; n <= most; n++)
        energy += ct_gaussian_potential(u - n * sys.spacing, sys.amplitude, per_square)
                  - ct_gaussian_potential(half - n * sys.spacing, sys.amplitude, per_square);
    return -ct_squared_speed(0.0, energy, sys.mass);
}

/* Panels from a mass to where its force ends, or midway; short where the particle may nearly stop, at both ends. */
static void make_panels(void)
{
    static const double parts[] = {1.0 / 32.0, 1.0 / 16.0, 0.125, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.5, 6.5};
    const long count = sizeof parts / sizeof *parts;
    double edges[MOST_PANELS + 1];
    long used = 0;
    const double half = 0.5 * sys.spacing;
    rigid.end = fmin(half, WIDTHS * sys.width);
    edges[used++] = 0.0;
    edges[used++] = rigid.end;
    for (long i = 0; i < count; i++) {
        const double near = parts[i] * sys.width;
        if (near < rigid.end) edges[used++] = near;
        if (rigid.end == half && near < half) edges[used++] = half - near;
    }
    qsort(edges, (size_t)used, sizeof *edges, by_size);
    rigid.places = 0;
    for (long i = 1; i < used; i++) {
        const double length = edges[i] - edges[i - 1], middle = 0.5 * (edges[i] + edges[i - 1]);
        for (long k = 0; k < ORDER; k++) {
            const double node = k < ORDER / 2 ? GAUSS_NODES[k] : -GAUSS_NODES[k - ORDER / 2];
            rigid.panel_fall[rigid.places] = fall_at(middle + 0.5 * length * node);
            rigid.panel_weight[rigid.places++] = 0.5 * length * GAUSS_WEIGHTS[k % (ORDER / 2)];
        }
    }
}

static void make_rigid(void)
{
    if (rigid.spacing == sys.spacing && rigid.amplitude == sys.amplitude && rigid.width == sys.width
        && rigid.mass == sys.mass)
        return;
    rigid.spacing = sys.spacing;
    rigid.amplitude = sys.amplitude;
    rigid.width = sys.width;
    rigid.mass = sys.mass;
    make_panels();
    const double per_square = 1.0 / (sys.width * sys.width), step = sys.width / PER_WIDTH;
    rigid.deepest = fmin(fall_at(0.0), 0.0);
    rigid.highest = fmax(fall_at(0.0), 0.0);
    for (long j = 0; j < NODES + 2 * MARGIN; j++) {
        rigid.fall[j] = fall_at((j - MARGIN) * step);
        rigid.deepest = fmin(rigid.deepest, rigid.fall[j]);
        rigid.highest = fmax(rigid.highest, rigid.fall[j]);
    }
    for (long j = 0; j <= NODES; j++) rigid.slope[j] = ct_gaussian_slope(j * step, -sys.amplitude * per_square, per_square);
}

/* v^2 midway between two masses for the motion whose mean speed is v; nan if it all but stops before. */
static double squared_midway(double v)
{
    const double beyond = 0.5 * sys.spacing - rigid.end, transit = 0.5 * sys.spacing / v;
    /* The least v^2 is at most that of the mean speed. */
    double low = 1e-12 * (rigid.highest - rigid.deepest + v * v), high = v * v * (1.0 + 1e-12), least = high;
    for (int step = 0; step < 200; step++) {
        const double midway = least + rigid.highest;
        double time = beyond / sqrt(midway), slope = -0.5 * beyond / (midway * sqrt(midway));
        for (long k = 0; k < rigid.places; k++) {
            const double inverse = 1.0 / (midway - rigid.panel_fall[k]);
            const double term = rigid.panel_weight[k] * sqrt(inverse);
            time += term;
            slope -= 0.5 * term * inverse;
        }
        if (time > transit) low = least; else high = least;
        double next = least - (time - transit) / slope;
        if (!(next > low && next < high)) next = sqrt(low * high);
        const double change = fabs(next - least);
        least = next;
        if (change <= 1e-15 * midway) return least + rigid.highest;
    }
    return NAN;
}

/* Times and weights of the force integral at every stride-th node, for the motion with this v^2 midway. */
typedef struct {
    long stride, count;
    double time[NODES + 1], weight[NODES + 1];
} force_rule;

static void make_rule(force_rule *rule, long stride, double midway)
{
    const double step = sys.width / PER_WIDTH * stride;
    static double pace[NODES + 2 * MARGIN];
    rule->stride = stride;
    rule->count = NODES / stride;
    for (long j = -AROUND; j < rule->count + AROUND; j++)
        pace[j + AROUND] = 1.0 / sqrt(midway - rigid.fall[MARGIN + j * stride]);
    rule->time[0] = rule->weight[0] = 0.0;
    for (long j = 1; j < rule->count; j++) {
        const double *here = pace + AROUND + j; /* the interval that ends here */
        double sum = 0.0;
        for (long k = 0; k < AROUND; k++) sum += MIDDLE[k] * (here[-k - 1] + here[k]);
        rule->time[j] = rule->time[j - 1] + step * sum;
        rule->weight[j] = 2.0 * step * rigid.slope[j * stride] * here[0];
    }
}

static double rigid_mean(double v)
{
    static force_rule rule;
    const double midway = squared_midway(v), slowest = sqrt(midway - rigid.highest), step = sys.width / PER_WIDTH;
    if (isnan(midway) || v <= sys.slowest) return NAN;
    const double changes = sys.width * fmin(1.0 / 24.0, slowest / sqrt(rigid.highest - rigid.deepest) / CHANGE / 6.0);
    roots.count = 0;
    if (!roots_add(0, v / sys.spacing, 0.0)) return NAN;
    roots_refine();
    double total = 0.0, uncertain = 0.0, above = 0.0;
    int negligible = 0;
    rule.stride = 0;
    for (size_t done = 0; done < roots.count; done++) {
        size_t i = 0; /* the next in the order of the frequencies */
        double omega = INFINITY;
        for (size_t k = 0; k < roots.count; k++)
            if (roots.omega[k] > above && roots.omega[k] < omega) {
                omega = roots.omega[k];
                i = k;
            }
        if (omega == INFINITY) break;
        above = omega;
        long stride = STRIDE;
        while (stride > 1 && (step * stride > changes || TWO_PI * omega * step * stride > PHASE * slowest)) stride /= 2;
        if (step * stride > changes || TWO_PI * omega * step * stride > PHASE * slowest) {
            if (!negligible) total = NAN;
            break;
        }
        if (stride != rule.stride) make_rule(&rule, stride, midway);
        double force = 0.0, largest = 0.0;
        for (long j = 1; j < rule.count; j++) {
            const double one = rule.weight[j] * sin(TWO_PI * omega * rule.time[j]);
            force += one;
            largest = fmax(largest, fabs(one));
        }
        const double jacobian = fmax(fabs(roots.group[i] * (sys.spacing / v) - 1.0), LEAST);
        const double energy = ct_energy_of_force(force, 0.0) / jacobian, noise = ROUNDING * largest * PER_WIDTH / stride;
        total += energy;
        uncertain += ct_energy_of_force(sqrt(fabs(force) * noise) + noise, 0.0) / jacobian;
        negligible = energy * (double)roots.count <= NEGLIGIBLE * total;
        if (negligible && fabs(force) < 10.0 * noise) break;
    }
    roots.count = 0;
    return uncertain <= UNCERTAIN * total ? total : NAN;
}

/* Mean dissipation in the static lattice; nan where no motion past the masses at rest has this mean speed, where it is
 * too slow for the nodes, or where rounding hides the loss. */
EXPORT(explorer_static_lattice)
void explorer_static_lattice(long count, const double *speed, double *loss)
{
    make_rigid();
    for (long i = 0; i < count; i++) loss[i] = speed[i] != 0.0 ? rigid_mean(fabs(speed[i])) : 0.0;
}

/* Resonances ------------------------------------------------------------------------------------------------- */

typedef struct {
    double speed, lower, n, finite_side, strength; /* lower: 1 at the lower edge of the band, 0 at the upper */
} resonance;

static struct {
    long count, room;
    resonance *list;
} found_resonances;

/* The mean dissipation at a resonance without the two roots that coalesce there, and the amplitude of their
 * inverse-square-root singularity. */
static int complete(resonance *r)
{
    const int lower = r->lower != 0.0;
    const ct_tangents here = ct_band_tangents(&sys.band, r->n);
    const double slope = lower ? here.lower_slope : here.upper_slope, v = r->speed;
    const double offset = lower ? here.lower : here.upper;
    double start = r->n + here.lower, stop = r->n + 1.0 + ct_band_tangents(&sys.band, r->n + 1.0).lower;
    if (lower) {
        start = r->n > sys.band.onset ? r->n - 1.0 + ct_band_tangents(&sys.band, r->n - 1.0).upper : 0.0;
        stop = r->n + here.upper;
    }
    const double omega = slope * (r->n + offset);
    const double curvature = ct_frequency_curvature(omega, slope, cos(TWO_PI * offset), sys.band_width);
    r->strength = ct_resonance_strength(r->n + offset, ct_loss_per_mode(omega, v, transform(omega, v)), fabs(curvature), v,
                                        sys.spacing);
    r->finite_side = 0.0;
    roots.count = 0;
    if (v <= sys.slowest) return 1;
    if (!roots_add(0, slope, sys.decay)) return 0;
    roots_refine();
    for (size_t k = 0; k < roots.count; k++) {
        const double x = roots.period[k] + roots.at[k];
        if (!(x > start && x < stop)) r->finite_side += term(k, v);
    }
    roots.count = 0;
    return 1;
}

/* All resonances between two speeds, in order: five numbers each, see `resonance`. TOO_MANY if there are. */
EXPORT(explorer_resonances)
long explorer_resonances(double lowest, double highest)
{
    const double low = lowest / sys.spacing, high = highest / sys.spacing;
    found_resonances.count = 0;
    if (!((1.0 + sys.omega_fast) * (1.0 / low - 1.0 / high) <= MOST_RESONANCES)) return TOO_MANY;
    for (int lower = 0; lower < 2; lower++) {
        const double top = lower ? 1.0 : sys.omega_fast;
        const double first = fmax(sys.band.onset, floor(top / high) - 2.0);
        const double end = fmax(first, ceil(top / low)) + 3.0;
        for (double n = first; n < end; n += 1.0) {
            const ct_tangents here = ct_band_tangents(&sys.band, n);
            const double slope = lower ? here.lower_slope : here.upper_slope;
            if (!(slope >= low && slope <= high)) continue;
            if (found_resonances.count == found_resonances.room) {
                found_resonances.room = 2 * found_resonances.room + 64;
                found_resonances.list =
                    realloc(found_resonances.list, (size_t)found_resonances.room * sizeof *found_resonances.list);
                if (!found_resonances.list) return TOO_MANY;
            }
            resonance *r = &found_resonances.list[found_resonances.count++];
            *r = (resonance){slope * sys.spacing, lower, n, 0.0, 0.0};
            if (!complete(r)) return TOO_MANY;
        }
    }
    qsort(found_resonances.list, (size_t)found_resonances.count, sizeof *found_resonances.list, by_size);
    return found_resonances.count;
}

EXPORT(explorer_resonance_list)
const double *explorer_resonance_list(void) { return &found_resonances.list->speed; }

/* Drift velocities ------------------------------------------------------------------------------------------- */

/* Where the mean dissipation equals the bias. Between two resonances it is smooth: intervals of speed are halved until
 * a cubic through values and derivatives at both ends follows it, and then shows whether it can meet the bias. That is
 * a search in doubles; the Python package proves the same with bounds. */

#define CLOSE 1e-11  /* relative distance to a resonance within which its divergence is treated by itself */
#define NARROW 1e-9  /* relative width of an interval that is left as it is */
#define GRADES 9     /* first intervals shrink sixteenfold towards a resonance */

enum { LOCKED, STABLE, UNSTABLE };

typedef struct {
    double speed, kind, lower, n, slope; /* lower, n: of the resonance of a jump; n = -1 for a root */
} drift;

static struct {
    long count, room;
    drift *list;
} found_drifts;

/* Where a root and the jump beside it are the same double, the root stands on the side of the divergence. */
static int place_at_resonance(const drift *one) { return one->n < 0.0 ? 1 : one->lower != 0.0 ? 0 : 2; }

static int in_order(const void *one, const void *other)
{
    const int difference = by_size(one, other);
    return difference ? difference : place_at_resonance(one) - place_at_resonance(other);
}

typedef struct {
    double left, right, at_left, at_right, slope_left, slope_right;
} interval;

static struct {
    long count, room;
    interval *list;
} open_list, next_list;

static int add_interval(double left, double right)
{
    if (!(left < right)) return 1;
    if (next_list.count == next_list.room) {
        next_list.room = 2 * next_list.room + 256;
        next_list.list = realloc(next_list.list, (size_t)next_list.room * sizeof *next_list.list);
        if (!next_list.list) return 0;
    }
    next_list.list[next_list.count++] = (interval){left, right, 0.0, 0.0, 0.0, 0.0};
    return 1;
}

static int add_drift(drift one)
{
    if (found_drifts.count == found_drifts.room) {
        found_drifts.room = 2 * found_drifts.room + 64;
        found_drifts.list = realloc(found_drifts.list, (size_t)found_drifts.room * sizeof *found_drifts.list);
        if (!found_drifts.list) return 0;
    }
    found_drifts.list[found_drifts.count++] = one;
    return 1;
}

/* A root is stable if the map of the energy from pass to pass contracts. */
static int add_root(double speed, double slope)
{
    const double growth = 1.0 - ct_acceleration(slope, sys.mass) / speed;
    const int kind = fabs(growth) < 1.0 && slope > 0.0 ? STABLE : UNSTABLE;
    return add_drift((drift){speed, kind, 0.0, -1.0, slope});
}

static double excess(double speed, double *slope)
{
    double loss, derivative;
    mean_many(1, &speed, &loss, &derivative);
    if (slope) *slope = derivative;
    return loss - sys.bias;
}

/* Newton's method for the only root between two speeds with excesses of different sign, kept inside by bisection. */
static int bracketed(double left, double right, double at_left)
{
    double v = 0.5 * (left + right), slope = 0.0;
    for (int step = 0; step < 100; step++) {
        const double value = excess(v, &slope);
        if (value == 0.0) break;
        if ((value > 0.0) == (at_left > 0.0)) left = v; else right = v;
        double next = v - value / slope;
        if (!(next > left && next < right)) next = 0.5 * (left + right);
        const double change = fabs(next - v);
        v = next;
        if (change <= 2e-16 * v || right - left <= 2e-16 * v) break;
    }
    excess(v, &slope);
    return add_root(v, slope);
}

/* Least and largest value of the cubic with these values and derivatives at 0 and at `length`. */
static void cubic_range(double a, double b, double slope_a, double slope_b, double length, double *least, double *most)
{
    *least = fmin(a, b);
    *most = fmax(a, b);
    const double p = slope_a * length, q = slope_b * length;
    /* a + p t + c t^2 + d t^3 */
    const double c = 3.0 * (b - a) - 2.0 * p - q, d = p + q - 2.0 * (b - a);
    const double under = c * c - 3.0 * p * d;
    if (under < 0.0) return;
    const double root = -(c + copysign(sqrt(under), c));
    const double places[2] = {root / (3.0 * d), p / root};
    for (int i = 0; i < 2; i++) {
        const double t = places[i];
        if (t > 0.0 && t < 1.0) {
            const double value = a + t * (p + t * (c + t * d));
            *least = fmin(*least, value);
            *most = fmax(*most, value);
        }
    }
}

/* One interval with its middle: done with it (1), or to be halved (0). */
static int decided(const interval *one, double middle, double at, double slope, int *failed)
{
    const double a = one->at_left - sys.bias, b = one->at_right - sys.bias, m = at - sys.bias;
    const double half = 0.5 * (one->right - one->left);
    const double follows = 0.5 * (a + b) + 0.25 * half * (one->slope_left - one->slope_right);
    const double error = fabs(follows - m);
    double least, most, other_least, other_most;
    cubic_range(a, m, one->slope_left, slope, half, &least, &most);
    cubic_range(m, b, slope, one->slope_right, half, &other_least, &other_most);
    least = fmin(least, other_least);
    most = fmax(most, other_most);
    const double margin = error + 1e-14 * sys.bias;
    if (least > margin || most < -margin) return 1;
    const int rises = one->slope_left > 0.0 && slope > 0.0 && one->slope_right > 0.0;
    const int falls = one->slope_left < 0.0 && slope < 0.0 && one->slope_right < 0.0;
    const int narrow = one->right - one->left <= NARROW * middle;
    if (!((rises || falls) && error <= 0.02 * fabs(b - a)) && !narrow) return 0;
    if ((a < 0.0 && b >= 0.0) || (a > 0.0 && b <= 0.0)) *failed |= !bracketed(one->left, one->right, a);
    else if (narrow && ((a < 0.0) != (m < 0.0))) { /* two roots closer than what is resolved */
        *failed |= !bracketed(one->left, middle, a);
        *failed |= !bracketed(middle, one->right, m);
    }
    return 1;
}

static void evaluate_ends(interval *list, long count, double *work)
{
    double *speed = work, *loss = work + 2 * count, *slope = work + 4 * count;
    for (long i = 0; i < count; i++) {
        speed[2 * i] = list[i].left;
        speed[2 * i + 1] = list[i].right;
    }
    mean_many(2 * count, speed, loss, slope);
    for (long i = 0; i < count; i++) {
        list[i].at_left = loss[2 * i];
        list[i].at_right = loss[2 * i + 1];
        list[i].slope_left = slope[2 * i];
        list[i].slope_right = slope[2 * i + 1];
    }
}

/* The roots in the intervals of next_list. */
static int search(void)
{
    int failed = 0;
    while (next_list.count && !failed) {
        const long count = next_list.count;
        interval *swapped = open_list.list;
        const long room = open_list.room;
        open_list.list = next_list.list;
        open_list.room = next_list.room;
        next_list.list = swapped;
        next_list.room = room;
        next_list.count = 0;
        double *work = malloc((size_t)count * 6 * sizeof *work);
        if (!work) return 0;
        evaluate_ends(open_list.list, count, work);
        double *middle = work, *at = work + count, *slope = work + 2 * count;
        for (long i = 0; i < count; i++) middle[i] = 0.5 * (open_list.list[i].left + open_list.list[i].right);
        mean_many(count, middle, at, slope);
        for (long i = 0; i < count && !failed; i++) {
            const interval *one = &open_list.list[i];
            if (decided(one, middle[i], at[i], slope[i], &failed)) continue;
            failed |= !add_interval(one->left, middle[i]) || !add_interval(middle[i], one->right);
        }
        free(work);
    }
    return !failed;
}

/* First intervals between two speeds, shorter towards both. */
static int add_graded(double low, double high)
{
    if (!(low < high)) return 1;
    const double span = high - low;
    double edges[2 * GRADES + 3];
    int count = 0;
    edges[count++] = low;
    for (int i = GRADES; i >= 1; i--) edges[count++] = low + span * pow(16.0, -i);
    edges[count++] = 0.5 * (low + high);
    for (int i = 1; i <= GRADES; i++) edges[count++] = high - span * pow(16.0, -i);
    edges[count++] = high;
    for (int i = 1; i < count; i++)
        if (!add_interval(edges[i - 1], edges[i])) return 0;
    return 1;
}

/* First intervals of a gap between two resonances. Before the band has tangents its steepest points stand out, as
 * peaks that may be narrow: an interval ends at each of them. */
static int add_gap(double low, double high)
{
    const double square = ct_steepest_sine_squared(sys.omega_fast);
    const double offset = asin(sqrt(square)) / (0.5 * TWO_PI);
    const double frequency = sqrt(ct_frequency_squared(sys.band_width, square)) * sys.spacing;
    const double slowest = fmin(sys.band.onset - 1.0, floor(frequency / low));
    for (double n = slowest; n >= 1.0; n -= 1.0) {
        const double peak = frequency / (n + offset);
        if (peak >= high) break;
        if (peak <= low) continue;
        if (!add_graded(low, peak)) return 0;
        low = peak;
    }
    return add_graded(low, high);
}

/* The jump at a resonance, and the root within CLOSE of it where the divergence begins below the bias. */
static int at_resonance(const resonance *r)
{
    const int lower = r->lower != 0.0;
    const double margin = sys.bias - r->finite_side, side = lower ? 1.0 : -1.0;
    if (!(margin > 0.0)) return 1;
    if (!add_drift((drift){r->speed, lower ? LOCKED : UNSTABLE, r->lower, r->n, side * INFINITY})) return 0;
    if (!(excess(r->speed * (1.0 + side * CLOSE), NULL) < 0.0)) return 1;
    const double ratio = r->strength / margin, distance = fmin(ratio * ratio / r->speed, CLOSE);
    const double slope = fmin(fmax(-side * margin / (2.0 * distance * r->speed), -1e300), 1e300);
    return add_root(r->speed * (1.0 + side * distance), slope);
}

/* All drift velocities between two speeds, in order: five numbers each, see `drift`. TOO_MANY where that cannot be. */
EXPORT(explorer_drift_velocities)
long explorer_drift_velocities(double lowest, double highest)
{
    found_drifts.count = next_list.count = 0;
    if (sys.bias == 0.0) return 0;
    const long count = explorer_resonances(lowest * (1.0 - 4.0 * CLOSE), highest * (1.0 + 4.0 * CLOSE));
    if (count < 0) return TOO_MANY;
    double low = lowest;
    for (long i = 0; i < count; i++) {
        const resonance *r = &found_resonances.list[i];
        if (!add_gap(low, fmin(r->speed * (1.0 - CLOSE), highest)) || !at_resonance(r)) return TOO_MANY;
        low = r->speed * (1.0 + CLOSE);
    }
    if (!add_gap(low, highest) || !search()) return TOO_MANY;
    long kept = 0;
    for (long i = 0; i < found_drifts.count; i++)
        if (found_drifts.list[i].speed >= lowest && found_drifts.list[i].speed <= highest)
            found_drifts.list[kept++] = found_drifts.list[i];
    found_drifts.count = kept;
    if (kept) qsort(found_drifts.list, (size_t)kept, sizeof *found_drifts.list, in_order);
    return kept;
}

EXPORT(explorer_drift_list)
const double *explorer_drift_list(void) { return &found_drifts.list->speed; }

/* A run of the infinite chain -------------------------------------------------------------------------------- */

/* Every mass that the sound cone has reached is stored; a block of kicks (fine_block.c) is one exact propagation of all
 * of them and the response to the particle. Displacement u and momentum p = u'/(2 pi) of mass i stand at i - origin;
 * only those from `first` to `last` differ from zero. */
enum { RUNNING, TOO_FAST, FAILED };

#define MOST_MASSES 4000000
#define SEARCHED 16
#define FARTHEST 1e8 /* widths from the origin */
#define SHIFTS 600   /* of the path of integration that bounds the kernels */

static struct {
    double rate, step, most_speed, time, displaced;
    long done, room, origin, first, last;
    double *u, *p, *new_u, *new_p, *work, *tables;
    size_t work_room;
    ct_block block;
    const double *c, *s, *d; /* over a block */
    double *rest;            /* over a block cut short */
    ct_particle particle;
    double position[STEPS_IN_BLOCK], velocity[STEPS_IN_BLOCK], acceleration[STEPS_IN_BLOCK], energy[STEPS_IN_BLOCK];
} run;

static double larger(double a, double b) { return a > b ? a : b; }

/* Lag beyond which all kernels over a time are below NEGLECTED, as half_width in memory_kernel.py proves it. */
static long half_width(double duration)
{
    double best = INFINITY;
    if (duration == 0.0) return 0;
    for (int i = 0; i < SHIFTS; i++) {
        const double shift = 1e-6 * pow(8e6, i / (SHIFTS - 1.0)), hyperbolic = cosh(2.0 * shift);
        const double place = fmin(hyperbolic * (sys.omega_fast - 1.0) / (sys.omega_fast + 1.0), 1.0);
        const double real = ct_frequency_squared(sys.band_width, 0.5 * (1.0 - place * hyperbolic));
        const double imaginary = 0.5 * sys.band_width * sqrt(1.0 - place * place) * sinh(2.0 * shift);
        const double growth = sqrt(0.5 * larger(hypot(real, imaginary) - real, 0.0)) * (1.0 + 1e-9);
        const double prefactor = log(sys.omega_fast * cosh(shift));
        best = fmin(best, (TWO_PI * fabs(duration) * growth + prefactor - log(NEGLECTED)) / (2.0 * shift));
    }
    return (long)ceil(best);
}

/* Kernels <cos>, <sin/omega>, <omega sin> over a time at lags 0 .. width, by the trapezoidal rule over the band. */
typedef struct {
    long width, ring;
    double *omega, *cosine; /* frequencies; cos(2 pi j/ring) */
} kernel_rule;

static void kernels(const kernel_rule *rule, double time, double *c, double *s, double *d, long stride)
{
    const long ring = rule->ring;
    for (long n = 0; n <= rule->width; n++) c[n * stride] = s[n * stride] = d[n * stride] = 0.0;
    for (long j = 0; j < ring; j++) {
        const double omega = rule->omega[j], angle = TWO_PI * time * omega;
        const double cosine = cos(angle) / ring, sine = sin(angle) / ring;
        for (long n = 0; n <= rule->width; n++) {
            const double wave = rule->cosine[n * j % ring];
            c[n * stride] += wave * cosine;
            s[n * stride] += wave * (sine / omega);
            d[n * stride] += wave * (sine * omega);
        }
    }
}

static long padded(long length) { return (length + CT_VECTOR - 1) / CT_VECTOR * CT_VECTOR; }

/* Kernels from a block's start to each kick, between kicks, and to the block's end; see block_tables in light_cone.py. */
static int make_tables(void)
{
    ct_block *b = &run.block;
    double times[STEPS_IN_BLOCK * STAGES + 1], stage_times[STAGES], longest = 0.0, earliest = 0.0;
    static double weights[STAGES], drifts[STAGES];
    double at = 0.0;
    for (int q = 0; q < STAGES; q++) {
        stage_times[q] = at;
        at += FLOWS[q];
        weights[q] = run.step * KICKS[q];
        drifts[q] = run.step * FLOWS[q];
    }
    b->steps = (long)fmin(STEPS_IN_BLOCK, fmax(1.0, rint(run.rate)));
    b->stages = STAGES;
    b->kicks = b->steps * STAGES;
    for (long k = 0; k <= b->kicks; k++) {
        times[k] = run.step * (k / STAGES + stage_times[k % STAGES]);
        longest = fmax(longest, times[k]);
        earliest = fmin(earliest, times[k]);
    }
    const long width = half_width(longest - earliest), halo = width + 1;
    kernel_rule rule = {width, 4 * halo, NULL, NULL};
    b->width = width;
    b->row = padded(b->kicks + 1);
    b->end_row = padded(2 * width + 1);
    const size_t free_size = (size_t)((width + 1) * b->row);
    const size_t forced_size = (size_t)(STAGES * (width + 1) * (b->row + CT_VECTOR));
    const size_t end_size = (size_t)((b->kicks + 1) * b->end_row), block_size = (size_t)padded(width + 1);
    const size_t scratch = 3 * block_size;
    const size_t total = 3 * free_size + 2 * forced_size + 2 * end_size + 6 * block_size + scratch + 2 * (size_t)rule.ring;
    free(run.tables);
    run.tables = aligned_alloc(64, (total * sizeof(double) + 63) / 64 * 64);
    if (!run.tables) return 0;
    memset(run.tables, 0, total * sizeof(double));
    double *next = run.tables;
    double *free_c = next, *free_s = free_c + free_size, *free_d = free_s + free_size;
    double *forced_s = free_d + free_size, *forced_c = forced_s + forced_size;
    double *end_s = forced_c + forced_size, *end_c = end_s + end_size;
    double *whole = end_c + end_size, *one_c = whole + 6 * block_size, *one_s = one_c + block_size;
    double *one_d = one_s + block_size;
    rule.omega = one_d + block_size;
    rule.cosine = rule.omega + rule.ring;
    for (long j = 0; j < rule.ring; j++) {
        const double sine = sin(0.5 * TWO_PI * j / rule.ring);
        rule.omega[j] = sqrt(ct_frequency_squared(sys.band_width, sine * sine));
        rule.cosine[j] = cos(TWO_PI * j / rule.ring);
    }
    for (long k = 0; k <= b->kicks; k++) {
        kernels(&rule, times[k], free_c + k, free_s + k, free_d + k, b->row);
        kernels(&rule, run.step * b->steps - times[k], one_c, one_s, one_d, 1);
        for (long n = -width; n <= width; n++) {
            end_c[k * b->end_row + n + width] = one_c[labs(n)];
            end_s[k * b->end_row + n + width] = one_s[labs(n)];
        }
    }
    for (int q = 0; q < STAGES; q++)
        for (long k = 1; k <= b->kicks; k++) {
            const double later = run.step * ((q + k) / STAGES + stage_times[(q + k) % STAGES]);
            kernels(&rule, later - run.step * stage_times[q], one_c, one_s, one_d, 1);
            for (long n = 0; n <= width; n++) {
                const long place = (q * (width + 1) + n) * (b->row + CT_VECTOR) + CT_VECTOR + k;
                forced_c[place] = one_c[n];
                forced_s[place] = one_s[n];
            }
        }
    b->free_c = free_c;
    b->free_s = free_s;
    b->free_d = free_d;
    b->forced_s = forced_s;
    b->forced_c = forced_c;
    b->end_s = end_s;
    b->end_c = end_c;
    b->weight = weights;
    b->drift = drifts;
    kernels(&rule, run.step * b->steps, whole, whole + block_size, whole + 2 * block_size, 1);
    run.c = whole;
    run.s = whole + block_size;
    run.d = whole + 2 * block_size;
    run.rest = whole + 3 * block_size; /* filled when a block is cut short */
    return 1;
}

static int rest_kernels(long steps, const double **c, const double **s, const double **d)
{
    const long width = run.block.width, ring = 4 * (width + 1), size = padded(width + 1);
    double *space = malloc((size_t)(2 * ring) * sizeof *space);
    if (!space) return 0;
    kernel_rule rule = {width, ring, space, space + ring};
    for (long j = 0; j < ring; j++) {
        const double sine = sin(0.5 * TWO_PI * j / ring);
        rule.omega[j] = sqrt(ct_frequency_squared(sys.band_width, sine * sine));
        rule.cosine[j] = cos(TWO_PI * j / ring);
    }
    kernels(&rule, run.step * steps, run.rest, run.rest + size, run.rest + 2 * size, 1);
    *c = run.rest;
    *s = run.rest + size;
    *d = run.rest + 2 * size;
    free(space);
    return 1;
}

/* Shortest time of the motion: to cross the width, or 1/frequency at the bottom of the potential. */
static double time_scale(double speed)
{
    const double depth = fabs(sys.amplitude);
    const double stiffness = ct_acceleration(depth / (sys.width * sys.width) * (1.0 + sys.mass), sys.mass);
    return 1.0 / fmax(fmax(fabs(speed) / sys.width, sqrt(stiffness)), 1e-300);
}

static double needed_rate(double speed) { return RESOLVING / (sys.omega_fast * time_scale(speed)); }

/* Steps in 1/omega_fast that a run from this speed needs, as settings.py chooses them. */
EXPORT(explorer_rate)
double explorer_rate(double speed, double duration)
{
    const double fall = ct_speed_of_energy(fabs(sys.amplitude), sys.mass);
    return fmax(fmax(USUAL, needed_rate(hypot(speed, fall))), 1.0 / (sys.omega_fast * duration));
}

/* Give the chain room for the masses from `low` to `high`, with as many on each side to grow. */
static int make_room(long low, long high)
{
    const long margin = 2 * run.block.width + 64;
    if (run.room && low - margin >= run.origin && high + margin < run.origin + run.room) return 1;
    const long length = high - low + 1, grown = 2 * length + 4 * margin, start = low - (grown - length) / 2;
    if (grown > MOST_MASSES) return 0;
    double *space = aligned_alloc(64, ((size_t)(4 * grown) * sizeof(double) + 63) / 64 * 64);
    if (!space) return 0;
    memset(space, 0, (size_t)(4 * grown) * sizeof(double));
    if (run.room && run.last >= run.first) {
        const size_t bytes = (size_t)(run.last - run.first + 1) * sizeof(double);
        memcpy(space + run.first - start, run.u + run.first - run.origin, bytes);
        memcpy(space + grown + run.first - start, run.p + run.first - run.origin, bytes);
    }
    /* The four columns lie in one piece; whichever comes first in it is the one to give back. */
    double *old = run.u;
    if (run.room) {
        double *columns[] = {run.p, run.new_u, run.new_p};
        for (int i = 0; i < 3; i++) if (columns[i] < old) old = columns[i];
        free(old);
    }
    run.u = space;
    run.p = space + grown;
    run.new_u = space + 2 * grown;
    run.new_p = space + 3 * grown;
    run.origin = start;
    run.room = grown;
    return 1;
}

/* Start a run with the chain at rest; 0 where there is no memory for it. */
EXPORT(explorer_run_start)
int explorer_run_start(double position, double speed, double rate)
{
    if (run.room) {
        double *old = run.u, *columns[] = {run.p, run.new_u, run.new_p};
        for (int i = 0; i < 3; i++) if (columns[i] < old) old = columns[i];
        free(old);
    }
    run.room = 0;
    run.rate = rate;
    run.step = 1.0 / (sys.omega_fast * rate);
    run.done = 0;
    run.time = 0.0;
    run.displaced = 0.1;
    run.most_speed = fabs(speed);
    run.particle = (ct_particle){position, 0.0, speed / TWO_PI, 0.0, sys.mass, 0.0, sys.spacing};
    if (!make_tables()) return 0;
    run.first = (long)rint(position / sys.spacing);
    run.last = run.first - 1;
    return make_room(run.first, run.first);
}

/* The pulling force, bias over spacing, may change during a run. */
EXPORT(explorer_run_pull)
void explorer_run_pull(double bias) { run.particle.driving = bias / sys.spacing; }

/* Whether a mass outside lo .. hi, pushed away in an earlier block, may come near the particle. */
static int displaced_near(long lo, long hi, double distance)
{
    const double near = distance + 0.5 * run.displaced * sys.spacing;
    const long begin = lo - SEARCHED > run.first ? lo - SEARCHED : run.first;
    const long end = hi + SEARCHED < run.last ? hi + SEARCHED : run.last;
    for (long j = begin; j <= end; j++)
        if ((j < lo || j > hi) && fabs(j * sys.spacing + run.u[j - run.origin] - run.particle.sigma) < near) return 1;
    return 0;
}

/* The free chain over one block, and the response to the particle's kicks. */
static int one_block(long steps, const double *c, const double *s, const double *d)
{
    const long width = run.block.width;
    const double cutoff = REACH * sys.width, duration = run.step * steps;
    double travel = 1.1 * duration * fabs(TWO_PI * run.particle.q) + 0.05 * sys.spacing;
    const double gaussian[2] = {sys.amplitude, sys.width};
    const ct_record record = {run.position, run.velocity, run.acceleration, run.energy};
    for (int attempt = 0; attempt < 40; attempt++) {
        const double sigma = run.particle.sigma;
        const double low = floor((sigma - travel - cutoff) / sys.spacing + 1.0 - run.displaced);
        const double high = ceil((sigma + travel + cutoff) / sys.spacing - 1.0 + run.displaced);
        if (!(fabs(sigma) < FARTHEST * sys.width && high - low < 4096.0)) return FAILED;
        const long lo = (long)low, hi = (long)high;
        const long first = (run.last < run.first || lo < run.first ? lo : run.first) - width;
        const long last = (run.last < run.first || hi > run.last ? hi : run.last) + width;
        if (!make_room(first, last)) return FAILED;
        if (displaced_near(lo, hi, travel + cutoff)) {
            run.displaced *= 4.0;
            continue;
        }
        const size_t needed = (size_t)(hi - lo + 1) * (size_t)(2 * run.block.row + 3 * (run.block.kicks + 1)) + CT_VECTOR;
        if (needed > run.work_room) {
            free(run.work);
            run.work = aligned_alloc(64, (needed * sizeof(double) + 63) / 64 * 64);
            run.work_room = run.work ? needed : 0;
            if (!run.work) return FAILED;
        }
        const ct_interaction interaction = {1, NULL, gaussian, cutoff, run.displaced, run.displaced * sys.spacing};
        ct_propagate(run.new_u + first - run.origin, run.new_p + first - run.origin, run.u + first - run.origin,
                     run.p + first - run.origin, last - first + 1, c, s, d, width);
        const int status = ct_fine_block(&run.block, &interaction, &run.particle, run.u, run.p, NULL, NULL, run.new_u,
                                         run.new_p, run.origin, lo, hi, steps, run.work, &record);
        if (status == CT_OUTSIDE) {
            travel *= 4.0;
            continue;
        }
        if (status == CT_DISPLACED) {
            run.displaced *= 4.0;
            continue;
        }
        double *swap = run.u;
        run.u = run.new_u;
        run.new_u = swap;
        swap = run.p;
        run.p = run.new_p;
        run.new_p = swap;
        run.first = first;
        run.last = last;
        return RUNNING;
    }
    return FAILED;
}

/* Forget what lies before the sound cone: less than 1e-18 of the largest momentum, which no rounding can tell. */
static void trim(void)
{
    double largest = 0.0;
    for (long i = run.first; i <= run.last; i++)
        largest = fmax(largest, fmax(fabs(run.u[i - run.origin]), fabs(run.p[i - run.origin])));
    const double least = 1e-18 * largest;
    const long from = run.first, to = run.last;
    while (run.first < run.last && fabs(run.u[run.first - run.origin]) <= least
           && fabs(run.p[run.first - run.origin]) <= least)
        run.first++;
    while (run.last > run.first && fabs(run.u[run.last - run.origin]) <= least
           && fabs(run.p[run.last - run.origin]) <= least)
        run.last--;
    for (long i = from; i < run.first; i++) run.u[i - run.origin] = run.p[i - run.origin] = 0.0;
    for (long i = run.last + 1; i <= to; i++) run.u[i - run.origin] = run.p[i - run.origin] = 0.0;
}

/* One block more, or `most` steps of it. Returns the steps done, or -1 where the motion has become too fast for the
 * step, and -2 where it cannot be followed. */
EXPORT(explorer_run_block)
long explorer_run_block(long most)
{
    const double *c = run.c, *s = run.s, *d = run.d;
    const long steps = most < run.block.steps ? most : run.block.steps;
    if (steps < run.block.steps && !rest_kernels(steps, &c, &s, &d)) return -2;
    if (one_block(steps, c, s, d) != RUNNING) return -2;
    trim();
    for (long i = 0; i < steps; i++) run.most_speed = fmax(run.most_speed, fabs(run.velocity[i]));
    run.done += steps;
    run.time = run.done * run.step;
    if (!(FASTER * run.rate >= needed_rate(run.most_speed))) return -1;
    return steps;
}

/* Energy of the chain as a sum of squares; nothing cancels. */
EXPORT(explorer_run_energy)
double explorer_run_energy(void)
{
    const double stiffness = ct_neighbour_stiffness(sys.band_width);
    double sum = 0.0, before = 0.0;
    for (long i = run.first; i <= run.last + 1; i++) {
        const int inside = i <= run.last;
        const double u = inside ? run.u[i - run.origin] : 0.0, p = inside ? run.p[i - run.origin] : 0.0;
        sum += p * p + u * u + stiffness * (u - before) * (u - before);
        before = u;
    }
    return run.particle.energy = 0.5 * sum;
}

EXPORT(explorer_run_time) double explorer_run_time(void) { return run.time; }
EXPORT(explorer_run_step) double explorer_run_step(void) { return run.step; }
EXPORT(explorer_run_position) const double *explorer_run_position(void) { return run.position; }
EXPORT(explorer_run_velocity) const double *explorer_run_velocity(void) { return run.velocity; }
EXPORT(explorer_run_energies) const double *explorer_run_energies(void) { return run.energy; }
EXPORT(explorer_run_first) long explorer_run_first(void) { return run.first; }
EXPORT(explorer_run_last) long explorer_run_last(void) { return run.last; }
EXPORT(explorer_run_displacement) const double *explorer_run_displacement(void) { return run.u + run.first - run.origin; }
EXPORT(explorer_sound_speed)
double explorer_sound_speed(void) { return ct_largest_group_speed(sys.omega_fast, sys.spacing); }
