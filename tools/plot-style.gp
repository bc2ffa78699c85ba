# How every figure looks. Load it after `set terminal`: gnuplot's own palettes are left alone.
# Colours: Okabe, Ito 2008, Color universal design; told apart by colour-blind readers and in grey.
ink = "#222222"
pale = "#bbbbbb"
blue = "#0072b2"
orange = "#d55e00"
green = "#009e73"
purple = "#cc79a7"
sky = "#56b4e9"
yellow = "#e69f00"
set termoption noenhanced  # names may hold @ and _
set border 3 lc rgb ink lw 0.8
set tics nomirror out scale 0.6 textcolor rgb ink
set grid ytics lc rgb "#e6e6e6" lw 0.6 lt 1
set key textcolor rgb ink samplen 1.5 spacing 1.1
set title textcolor rgb ink
set palette defined (0 "#c6dbef", 0.5 "#0072b2", 1 "#08306b")
