# Writes reference.tsv: what R says about the same numbers.  Rscript make.R > reference.tsv
# Not run by the tests, which read the committed table. Everything here is base R.

text <- function(x) paste(sprintf("%.17g", x), collapse = ",")
list_of <- function(x) paste(sprintf("%.15g", x), collapse = ",") # what was rounded to 6 digits
row <- function(...) cat(paste(c(...), collapse = "\t"), "\n", sep = "")

cat("# ", R.version.string, ", stats package: Rscript tests/data/stats/make.R\n", sep = "")
set.seed(20, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")

# --- one list: mean sd min max median p95 p99 mad(constant = 1), quantile(type = 7) ---

short <- function(x) as.numeric(signif(x, 6)) # short decimal numbers keep the table readable
lists <- c(
  lapply(c(1, 2, 3, 4, 9, 10, 19, 20, 21, 99, 100, 101), function(n) short(rlnorm(n, 5, 0.4))),
  list(c(5, 5, 5, 5), c(-3, 0, 0, 7, 7, 7), round(rnorm(30, 0, 3)), short(rcauchy(25)),
       1e6 + (1:40) / 1000, c(1e-90, 2e-90, 4e-90)))
for (x in lists) {
  row("summary", list_of(x), text(mean(x)), text(sd(x)), text(min(x)), text(max(x)), text(median(x)),
      text(quantile(x, 0.95, type = 7)), text(quantile(x, 0.99, type = 7)),
      text(mad(x, constant = 1)))
  for (q in c(0.1, 0.25, 1 / 3, 0.5, 0.8, 0.9, 0.975))
    row("quantile", list_of(x), text(q), text(quantile(x, q, type = 7)))
}

for (p in c(1e-300, 1e-10, 0.001, 0.025, 0.05, 0.3, 0.5, 0.7, 0.9, 0.975, 0.999999))
  row("normal", text(p), text(qnorm(p, lower.tail = FALSE)))

# --- Wilson: prop.test(correct = FALSE), two-sided and one-sided at the same level ---

rates <- list(c(0, 1), c(1, 1), c(0, 20), c(1, 29), c(15, 148), c(81, 263), c(20, 20), c(3, 4),
              c(50, 100), c(95, 100), c(997, 1000), c(123456, 987654))
bounds <- function(r, level, side)
  suppressWarnings(prop.test(r[1], r[2], conf.level = level, correct = FALSE,
                             alternative = side)$conf.int)
for (r in rates) for (level in c(0.8, 0.95, 0.99))
  row("wilson", r[1], r[2], text(level), text(bounds(r, level, "two.sided")[1]),
      text(bounds(r, level, "two.sided")[2]), text(bounds(r, level, "greater")[1]),
      text(bounds(r, level, "less")[2]))

# --- McNemar: binom.test: worse, better, two-sided ---

pairs <- list(c(0, 1), c(1, 0), c(0, 5), c(5, 0), c(6, 1), c(3, 3), c(4, 3), c(10, 2), c(1, 12),
              c(8, 8), c(150, 86), c(30, 31), c(500, 432), c(10, 300), c(5003, 4800),
              c(500000, 500000), c(501000, 499000), c(497000, 503000), c(4700, 5300), c(22, 16), c(16, 33), c(17, 60))
for (b in pairs) {
  p <- sapply(c("greater", "less", "two.sided"),
              function(side) binom.test(b[1], sum(b), alternative = side)$p.value)
  row("mcnemar", sprintf("%d", b[1]), sprintf("%d", b[2]), text(p[1]), text(p[2]), text(p[3]))
}

# --- smallest detectable difference: Connor's equation, solved by uniroot ---

detectable <- function(n, psi, alpha, power) {
  f <- function(d) sqrt(n) * d - qnorm(1 - alpha / 2) * sqrt(psi) - qnorm(power) * sqrt(psi - d^2)
  if (f(0) * f(min(psi, 1)) > 0) return(NaN)
  uniroot(f, c(0, psi), tol = 1e-15, maxiter = 10000)$root
}
for (n in c(5, 30, 100, 500, 10000)) for (psi in c(0.02, 0.1, 0.3, 1))
  for (level in list(c(0.05, 0.8), c(0.1, 0.8), c(0.01, 0.9), c(0.5, 0.95)))
    row("detectable", n, text(psi), text(level[1]), text(level[2]),
        text(detectable(n, psi, level[1], level[2])))

# --- bootstrap: all k^k equally likely draws of k clusters, enumerated ---
# clusters n before now; difference, standard error, p without the + 1, and quantiles a little
# outside and inside of 2.5 % and 97.5 %, between which a random bootstrap must come out

all_draws <- function(n, before, now) {
  k <- length(n)
  draws <- as.matrix(expand.grid(rep(list(1:k), k)))
  gained <- matrix((now - before)[draws], nrow(draws))
  rowSums(gained) / rowSums(matrix(n[draws], nrow(draws)))
}
clusters <- list(
  list(n = c(1, 1, 1, 1), before = c(1, 0, 1, 1), now = c(1, 1, 1, 1)),
  list(n = c(3, 1, 4, 2, 5), before = c(3, 1, 2, 0, 4), now = c(1, 1, 1, 1, 0)),
  list(n = c(4, 4, 4, 4, 4, 4), before = c(0, 4, 1, 2, 0, 3), now = c(2, 4, 3, 2, 1, 4)),
  list(n = c(2, 9, 1, 6, 3, 4, 7), before = c(2, 3, 0, 5, 1, 0, 6), now = c(0, 8, 0, 6, 2, 3, 6)))
for (c in clusters) {
  d <- all_draws(c$n, c$before, c$now)
  row("bootstrap", list_of(c$n), list_of(c$before), list_of(c$now),
      text((sum(c$now) - sum(c$before)) / sum(c$n)), text(sqrt(mean((d - mean(d))^2))),
      text(min(1, 2 * min(mean(d <= 1e-12), mean(d >= -1e-12)))),
      text(quantile(d, c(0.022, 0.028, 0.972, 0.978), type = 1)))
}

# --- Mann-Whitney: wilcox.test(head, base): W greater less two-sided ---

shift <- function(base, head) {
  exact <- length(base) <= 33 && length(head) <= 33 && !anyDuplicated(c(base, head))
  p <- lapply(c("greater", "less", "two.sided"), function(side)
    suppressWarnings(wilcox.test(head, base, alternative = side, exact = exact, correct = TRUE)))
  row("shift", list_of(base), list_of(head), exact + 0, text(p[[1]]$statistic), text(p[[1]]$p.value),
      text(p[[2]]$p.value), text(p[[3]]$p.value))
}
for (s in list(c(1, 1), c(1, 5), c(2, 3), c(4, 4), c(5, 7), c(10, 10), c(12, 9), c(20, 20), c(33, 33),
               c(33, 2), c(34, 5), c(40, 45)))
  for (factor in c(0.8, 1, 1.05, 1.3))
    shift(short(rlnorm(s[1], 4, 0.1)), short(factor * rlnorm(s[2], 4, 0.1)))
for (s in list(c(2, 2), c(6, 6), c(10, 15), c(40, 50)))
  for (by in c(-2, 0, 1)) shift(round(rnorm(s[1], 10, 2)), round(rnorm(s[2], 10 + by, 2)))
shift(c(7, 8), c(7, 8))
shift(1:5 + 0, 11:15 + 0)

# --- changes: the arc whose standardized sum is largest, by brute force ---
# values clipped at 2.5 mad() from their median, no piece shorter than 4; values, then where the arc
# begins and ends (from 0, behind its last)

arc <- function(x, min = 4) {
  n <- length(x); s <- pmax(-2.5, pmin(2.5, (x - median(x)) / mad(x))); best <- c(0, n, -1)
  for (i in 0:(n - min)) for (j in (i + min):n) {
    k <- j - i
    if ((i > 0 && i < min) || (j < n && n - j < min) || n - k < min) next
    inside <- s[(i + 1):j]
    z <- abs(sum(inside) - k * mean(s)) / sqrt(k * (n - k) * var(s) / n)
    if (z > best[3] + 1e-9) best <- c(i, j, z)
  }
  best
}
history <- function(name, x) { b <- arc(x); row("changes", name, list_of(x), b[1], b[2]) }
noise <- function(n) short(rlnorm(n, log(250), 0.02))
slow <- function(x, from, to, by) { x[(from + 1):to] <- short(x[(from + 1):to] * by); x }
history("Nile", as.numeric(Nile)) # datasets::Nile, 1871 to 1970; changed after 1898 (Cobb, 1978)
history("step of 10 %", slow(noise(60), 37, 60, 1.1))
history("step of 5 %", slow(noise(80), 30, 80, 1.05))
history("8 % faster", slow(noise(50), 21, 50, 0.92))
history("newest 4 values", slow(noise(40), 36, 40, 1.1))
history("mended", slow(noise(70), 29, 38, 1.1))
